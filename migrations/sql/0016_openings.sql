-- No look at a contact's content without the event that says so. Content opens with its subject's key alone, so
-- the key is what is guarded: nobody reads it from its table; two functions hand it out, to a person only
-- against an event, whose presence is checked when the transaction commits.

CREATE TABLE key_opening (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    event_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id UUID,
    CONSTRAINT pk_key_opening PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE key_opening IS 'Where a person was handed a contact''s key, and the event that stands for it.';
COMMENT ON COLUMN key_opening.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN key_opening.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN key_opening.event_id IS 'The event that says who looked, at what.';
COMMENT ON COLUMN key_opening.at IS 'When, by the operation''s own clock.';
COMMENT ON COLUMN key_opening.actor_kind IS 'Member, key or platform.';
COMMENT ON COLUMN key_opening.actor_id IS 'The member or key.';

CALL guard_tenant_table('key_opening', 'SELECT');
GRANT UPDATE (event_id) ON key_opening TO answerable_app;

REVOKE SELECT ON subject_key FROM answerable_app;
GRANT SELECT (
    tenant_id, id, subject_kind, subject_id, data_class, epoch, generation, created_at, destroyed_at
) ON subject_key TO answerable_app;

-- Who acts and when is what the session says, as it says for which tenant; whoever names nobody is taken for a
-- person. Somebody else's event is no excuse, nor is one's own of another minute.
CREATE FUNCTION require_event_of_opening() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- The row may have got another event since: a repeated look has the event of the first.
    IF NOT EXISTS (
        SELECT FROM key_opening AS o
        JOIN audit_event AS e ON e.tenant_id = o.tenant_id AND e.id = o.event_id
        WHERE o.tenant_id = NEW.tenant_id AND o.id = NEW.id
            AND e.actor_kind = o.actor_kind AND e.actor_id IS NOT DISTINCT FROM o.actor_id
            AND e.at BETWEEN o.at - interval '1 minute' AND o.at + interval '1 minute'
    ) THEN
        RAISE EXCEPTION 'A contact''s key was handed out and no audit event says so.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'opening_has_its_event';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER opening_has_its_event
AFTER INSERT OR UPDATE ON key_opening
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION require_event_of_opening();

CREATE FUNCTION note_opening(opening UUID, moment TIMESTAMP WITH TIME ZONE) RETURNS void
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    kind TEXT := coalesce(current_setting('app.actor_kind', true), '');
BEGIN
    IF kind IN ('assistant', 'system', 'contact') THEN
        RETURN;
    END IF;
    IF opening IS NULL OR moment IS NULL THEN
        RAISE EXCEPTION 'A contact''s key is handed to a person against an event alone.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO key_opening AS o (id, event_id, at, actor_kind, actor_id)
    VALUES (opening, opening, moment, kind, nullif(current_setting('app.actor_id', true), '')::uuid)
    -- Once for all that this transaction opens; whoever names the event of another time is checked against it.
    ON CONFLICT ON CONSTRAINT pk_key_opening DO UPDATE
    SET event_id = excluded.event_id, at = excluded.at, actor_kind = excluded.actor_kind,
        actor_id = excluded.actor_id
    WHERE (o.at, o.actor_kind) <> (excluded.at, excluded.actor_kind)
        OR o.actor_id IS DISTINCT FROM excluded.actor_id;
END
$$;

CREATE FUNCTION hand_out_keys(wanted UUID[], opening UUID, moment TIMESTAMP WITH TIME ZONE)
RETURNS SETOF subject_key
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM subject_key
        WHERE tenant_id = app_tenant() AND id = ANY (wanted) AND subject_kind = 'contact'
    ) THEN
        PERFORM note_opening(opening, moment);
    END IF;
    RETURN QUERY SELECT * FROM subject_key WHERE tenant_id = app_tenant() AND id = ANY (wanted);
END
$$;

CREATE FUNCTION hand_out_keys_of(
    kinds TEXT[], subjects UUID[], classes TEXT[], epochs DATE[], opening UUID, moment TIMESTAMP WITH TIME ZONE
)
RETURNS SETOF subject_key
LANGUAGE sql
SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT handed.* FROM hand_out_keys(
        ARRAY(
            SELECT k.id FROM subject_key AS k
            JOIN unnest(kinds, subjects, classes, epochs) AS w (kind, subject, class, epoch)
                ON k.subject_kind = w.kind AND k.subject_id = w.subject AND k.data_class = w.class
                AND k.epoch = w.epoch
            WHERE k.tenant_id = app_tenant()
        ),
        opening, moment
    ) AS handed
$$;

REVOKE ALL ON FUNCTION note_opening FROM PUBLIC;
REVOKE ALL ON FUNCTION hand_out_keys FROM PUBLIC;
REVOKE ALL ON FUNCTION hand_out_keys_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hand_out_keys TO answerable_app;
GRANT EXECUTE ON FUNCTION hand_out_keys_of TO answerable_app;
