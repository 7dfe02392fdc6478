-- The roles of a store on PostgreSQL: `runbook_gate`, for executors, and `runbook_gate_auditor`, which only reads.
--
-- Run it in the store's database, as a superuser or as the owner of database and tables with CREATEROLE, after each
-- `runbook-gate db upgrade`. It may be run again at any time: what a role had in this schema is taken away first.
-- Other names:
--   PGOPTIONS="-c runbook_gate.runtime=NAME -c runbook_gate.auditor=NAME" psql -v ON_ERROR_STOP=1 -f roles.sql
--
-- The runtime role owns nothing and makes nothing. Of the record (journal, entries, evidence, packets) it reads and
-- adds rows. Of the index it changes the columns that say where things stand, and no other. Passwords or certificates
-- are yours to give: ALTER ROLE runbook_gate PASSWORD ...; pg_hba.conf.

BEGIN;

DO $$
DECLARE
    runtime text := coalesce(nullif(current_setting('runbook_gate.runtime', true), ''), 'runbook_gate');
    auditor text := coalesce(nullif(current_setting('runbook_gate.auditor', true), ''), 'runbook_gate_auditor');
    named text;
    one record;
BEGIN
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    FOREACH named IN ARRAY ARRAY[runtime, auditor] LOOP
        IF named = current_user THEN
            RAISE EXCEPTION 'role % owns the tables', named USING HINT = 'Name another role.';
        END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = named) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', named);
        END IF;
        IF EXISTS (
            SELECT FROM pg_roles WHERE rolname = named
            AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
        ) THEN
            RAISE EXCEPTION 'role % may do more than a role of this name should', named
                USING HINT = 'Take its attributes away with ALTER ROLE, or name another role.';
        END IF;
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), named);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', current_schema(), named);
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), named);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), named);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), named);
        IF has_schema_privilege(named, current_schema(), 'CREATE')
            OR has_database_privilege(named, current_database(), 'CREATE, TEMPORARY')
            OR EXISTS (
                SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace
                AND pg_has_role(named, relowner, 'MEMBER')
            )
        THEN
            RAISE EXCEPTION 'role % may still make or change tables', named
                USING HINT = 'Run this as the owner of database and schema; take memberships away from the role.';
        END IF;
    END LOOP;

    -- Each table with the rows that the runtime role may add, and the columns that it may change.
    FOR one IN SELECT * FROM (VALUES
        ('store', false, 'seq, head'),
        ('journal', true, NULL),
        ('evidence', true, NULL),
        ('tasks', true, 'not_before_ms, claimed_by, claimed_until_ms, state, outcome'),
        ('runs', true, 'state, step, seq, head, record_sha256'),
        ('entries', true, NULL),
        ('leases', true, 'number, holder, expires_ms, expires_boottime_ms, boot_id'),
        ('packets', true, NULL),
        ('escalations', true, 'state'),
        ('notifications', true, 'attempts, last_try_ms, last_error, next_try_ms, delivered_ms')
    ) AS rights (of_table, adds, changes) LOOP
        EXECUTE format('GRANT SELECT ON %I TO %I, %I', one.of_table, runtime, auditor);
        IF one.adds THEN
            EXECUTE format('GRANT INSERT ON %I TO %I', one.of_table, runtime);
        END IF;
        IF one.changes IS NOT NULL THEN
            EXECUTE format('GRANT UPDATE (%s) ON %I TO %I', one.changes, one.of_table, runtime);
        END IF;
    END LOOP;
END
$$;

COMMIT;
