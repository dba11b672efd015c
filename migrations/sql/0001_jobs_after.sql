-- After the queue's own schema: who may use it, and where jobs are kept that gave up.
SET search_path = public;

CREATE TABLE jobs.parked_job (
    job_id bigint PRIMARY KEY REFERENCES jobs.procrastinate_jobs (id) ON DELETE CASCADE,
    error_code text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE jobs.parked_job IS 'Jobs that failed too often, with the code of their last error.';

GRANT USAGE ON SCHEMA jobs TO answerable_app, answerable_jobs;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO answerable_jobs;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO answerable_jobs;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO answerable_jobs;

-- The application may put a job of its own tenant into the queue and do nothing else with it.
CREATE FUNCTION jobs.defer_own_job(
    job_queue text, job_task text, job_lock text, payload jsonb, delay_s double precision
) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = jobs, pg_temp
AS $$
BEGIN
    IF (payload ->> 'tenant_id') IS DISTINCT FROM public.app_tenant()::text THEN
        RAISE EXCEPTION 'A job belongs to the tenant that asks for it.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- The clock's time and not the transaction's: a delay counts from when it was asked for.
    RETURN procrastinate_defer_jobs_v1(ARRAY[ROW(
        job_queue, job_task, 0, job_lock, NULL, payload, clock_timestamp() + make_interval(secs => delay_s)
    )::procrastinate_job_to_defer_v1]);
END
$$;
COMMENT ON FUNCTION jobs.defer_own_job IS 'Puts a job of the session''s own tenant into the queue.';
REVOKE ALL ON FUNCTION jobs.defer_own_job FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.defer_own_job TO answerable_app;

COMMENT ON TABLE jobs.procrastinate_jobs IS 'The queue: jobs with the identifiers they need and no content.';
COMMENT ON TABLE jobs.procrastinate_events IS 'When each job began, was tried again and ended.';
COMMENT ON TABLE jobs.procrastinate_workers IS 'Workers that run, with their last sign of life.';
COMMENT ON TABLE jobs.procrastinate_periodic_defers IS 'Which periodic jobs have been put into the queue.';
