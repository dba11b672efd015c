-- No version of what is set without the event that says so: checked when the transaction commits, with the
-- rights of whoever commits.
CREATE FUNCTION require_event_of_setting() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM audit_event AS e
        WHERE e.tenant_id = NEW.tenant_id AND e.subject_kind = 'tenant' AND e.subject_id = NEW.tenant_id
            AND CASE e.type
                WHEN 'tenant.created' THEN NEW.version = 1
                WHEN 'tenant.settings_changed' THEN
                    convert_from(e.body, 'UTF8')::jsonb #>> '{d,version}' = NEW.version::text
                    AND convert_from(e.body, 'UTF8')::jsonb #>> '{d,configuration}' = encode(NEW.digest, 'base64')
                ELSE FALSE
            END
    ) THEN
        RAISE EXCEPTION 'A version of what is set has no audit event.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'setting_has_its_event';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER setting_has_its_event
AFTER INSERT ON tenant_setting_version
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION require_event_of_setting();
