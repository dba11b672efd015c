-- What members set of their workspace, with every version of it; and what they may do with their parked jobs.
ALTER TABLE tenant
    ADD COLUMN languages text[] NOT NULL DEFAULT '{de,en}'::text[],
    ADD COLUMN threshold double precision,
    ADD COLUMN settings_version integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT ck_tenant_languages_known
        CHECK (languages <@ ARRAY['de', 'en'] AND cardinality(languages) > 0 AND language = ANY (languages)),
    ADD CONSTRAINT ck_tenant_threshold_range CHECK (threshold BETWEEN 0.51 AND 0.99),
    ADD CONSTRAINT ck_tenant_settings_version_positive CHECK (settings_version > 0);
COMMENT ON COLUMN tenant.languages IS 'In which languages the assistant speaks to contacts.';
COMMENT ON COLUMN tenant.threshold IS 'From which probability on it answers; absent for the calibrated one.';
COMMENT ON COLUMN tenant.settings_version IS 'Which version of what is set this row has.';

CREATE TABLE channel_posture (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    channel TEXT NOT NULL,
    posture TEXT NOT NULL,
    CONSTRAINT pk_channel_posture PRIMARY KEY (tenant_id, channel),
    CONSTRAINT fk_channel_posture_tenant_id FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
    CONSTRAINT ck_channel_posture_channel_known CHECK (channel IN ('web', 'command_line', 'playground')),
    CONSTRAINT ck_channel_posture_posture_known CHECK (posture IN ('auto', 'draft', 'off'))
);
COMMENT ON TABLE channel_posture IS 'What the assistant may do by itself in a channel, where that is not what it may do elsewhere.';
COMMENT ON COLUMN channel_posture.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN channel_posture.channel IS 'Where.';
COMMENT ON COLUMN channel_posture.posture IS 'What the assistant may do by itself there.';

CREATE TABLE tenant_setting_version (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    version INTEGER NOT NULL,
    written TEXT NOT NULL,
    digest BYTEA NOT NULL,
    changed TEXT[] NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id UUID,
    reverts_to INTEGER,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_tenant_setting_version PRIMARY KEY (tenant_id, version),
    CONSTRAINT fk_tenant_setting_version_tenant_id FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
    CONSTRAINT ck_tenant_setting_version_digest_is_of_text CHECK (digest = sha256(convert_to(written, 'UTF8'))),
    CONSTRAINT ck_tenant_setting_version_version_positive CHECK (version > 0)
);
COMMENT ON TABLE tenant_setting_version IS 'Everything that was ever set of a tenant, append only: what held when a reply was given.';
COMMENT ON COLUMN tenant_setting_version.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN tenant_setting_version.version IS 'Counts changes, from 1.';
COMMENT ON COLUMN tenant_setting_version.written IS 'Everything that was set, as JSON.';
COMMENT ON COLUMN tenant_setting_version.digest IS 'SHA-256 of that text; the log has it too.';
COMMENT ON COLUMN tenant_setting_version.changed IS 'The fields that differ from the version before.';
COMMENT ON COLUMN tenant_setting_version.actor_kind IS 'Who set it.';
COMMENT ON COLUMN tenant_setting_version.actor_id IS 'The member; absent when no member did it.';
COMMENT ON COLUMN tenant_setting_version.reverts_to IS 'The version that was brought back; absent when none was.';
COMMENT ON COLUMN tenant_setting_version.changed_at IS 'When it began to hold.';

-- Tenants that exist already begin with what is set of them now. Their table hides its rows even from its
-- owner; that is lifted for this one statement, in a transaction that holds the table to itself.
ALTER TABLE tenant NO FORCE ROW LEVEL SECURITY;
WITH now_set AS (
    SELECT
        tenant_id,
        created_at,
        CAST(jsonb_build_object(
            'name', name,
            'language', language,
            'languages', to_jsonb(languages),
            'answer_hours', answer_hours,
            'posture', posture,
            'channel_postures', jsonb_build_object(),
            'threshold', NULL,
            'widget_origins', to_jsonb(widget_origins),
            'brand_colour', brand_colour,
            'public_key', public_key
        ) AS text) AS written
    FROM tenant
)
INSERT INTO tenant_setting_version (tenant_id, version, written, digest, changed, actor_kind, changed_at)
SELECT tenant_id, 1, written, sha256(convert_to(written, 'UTF8')), '{}', 'platform', created_at
FROM now_set;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;

CALL guard_tenant_table('channel_posture', 'SELECT, INSERT, UPDATE, DELETE');
CALL guard_tenant_table('tenant_setting_version', 'SELECT, INSERT');
CALL guard_append_only('tenant_setting_version');

-- The queue's tables have no policies, so the application sees and mends its own tenant's jobs through these.
CREATE FUNCTION jobs.list_own_parked(most integer)
RETURNS TABLE (id bigint, task text, payload jsonb, attempts integer, error_code text, parked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = jobs, pg_temp
AS $$
    SELECT job.id, job.task_name, job.args - 'tenant_id', job.attempts, parked_job.error_code, parked_job.parked_at
    FROM parked_job
    JOIN procrastinate_jobs AS job ON job.id = parked_job.job_id
    WHERE job.status = 'failed' AND job.args ->> 'tenant_id' = public.app_tenant()::text
    ORDER BY parked_job.parked_at DESC, job.id DESC
    LIMIT most
$$;
COMMENT ON FUNCTION jobs.list_own_parked IS 'The parked jobs of the session''s own tenant, newest first.';

CREATE FUNCTION jobs.retry_own_parked(wanted bigint) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = jobs, pg_temp
AS $$
    WITH retried AS (
        UPDATE procrastinate_jobs
        SET status = 'todo', attempts = 0, scheduled_at = NULL
        WHERE id = wanted AND status = 'failed' AND args ->> 'tenant_id' = public.app_tenant()::text
            AND EXISTS (SELECT FROM parked_job WHERE job_id = wanted)
        RETURNING id
    )
    DELETE FROM parked_job USING retried WHERE job_id = retried.id RETURNING error_code
$$;
COMMENT ON FUNCTION jobs.retry_own_parked IS
    'Puts a parked job of the session''s own tenant back into the queue; its error''s code, or NULL when there is none.';

CREATE FUNCTION jobs.discard_own_parked(wanted bigint) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = jobs, pg_temp
AS $$
    DELETE FROM procrastinate_jobs
    USING parked_job
    WHERE procrastinate_jobs.id = wanted AND job_id = wanted AND status = 'failed'
        AND args ->> 'tenant_id' = public.app_tenant()::text
    RETURNING error_code
$$;
COMMENT ON FUNCTION jobs.discard_own_parked IS
    'Deletes a parked job of the session''s own tenant; its error''s code, or NULL when there is none.';

REVOKE ALL ON FUNCTION jobs.list_own_parked, jobs.retry_own_parked, jobs.discard_own_parked FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.list_own_parked, jobs.retry_own_parked, jobs.discard_own_parked TO answerable_app;
