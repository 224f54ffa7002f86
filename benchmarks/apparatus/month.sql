-- A month of a busy Airflow, for benchmarks/console.py; @EVENTS@ is how many events arrived. Every part is drawn
-- by a hash of its number, so that two fillings of one size are equal.
CREATE FUNCTION pg_temp.drawn(n bigint, what int) RETURNS float LANGUAGE sql IMMUTABLE
AS 'SELECT (hashint8extended(n, what) & 1048575) / 1048576.0';

-- Few sources send most: the first of 200 every sixth event, the last hardly any.
CREATE TEMP TABLE arrived AS
SELECT n, 'source' || s AS source, CASE WHEN n % 100000 = 7 THEN 'ledger.closed' ELSE 'kind' || t || '.changed' END AS type,
    CASE WHEN s < 50 AND t < 10 THEN 'source' || s || '.kind' || t || '.changed' ELSE 'source' || s END AS dag,
    now() - interval '30 days' * (1 - n / @EVENTS@.0) AS at,
    CASE WHEN pg_temp.drawn(n, 3) < 0.005 THEN 'held' WHEN pg_temp.drawn(n, 3) < 0.008 THEN 'quarantined' ELSE 'dispatched' END AS state
FROM generate_series(1, @EVENTS@) AS n,
    LATERAL (SELECT floor(200 * power(pg_temp.drawn(n, 1), 3))::int AS s, floor(40 * power(pg_temp.drawn(n, 2), 3))::int AS t) AS which;
ANALYZE arrived;

INSERT INTO connection (conn_id, conn_type, extra, is_encrypted, is_extra_encrypted)
SELECT 'source' || s, 'webhook', '{"auth_type": "none"}', false, false FROM generate_series(0, 199) AS s
UNION ALL SELECT 'crm' || c, 'http_connector', '{"auth_type": "none"}', false, false FROM generate_series(0, 49) AS c
ON CONFLICT DO NOTHING;

INSERT INTO dag_bundle (name, active) VALUES ('benchmark', true) ON CONFLICT DO NOTHING;
INSERT INTO dag (dag_id, is_paused, is_stale, bundle_name, timetable_type, partition_mapper_info, max_active_tasks,
    max_consecutive_failed_dag_runs, has_task_concurrency_limits, has_import_errors)
SELECT id, n % 20 = 0, false, 'benchmark', '', '{}', 16, 0, false, false
FROM (SELECT row_number() OVER () AS n, id FROM (
    SELECT 'source' || s AS id FROM generate_series(0, 199) AS s
    UNION ALL SELECT 'source' || s || '.kind' || t || '.changed' FROM generate_series(0, 49) AS s, generate_series(0, 9) AS t
    UNION ALL SELECT 'audit') AS ids) AS dags
ON CONFLICT DO NOTHING;
INSERT INTO dag_tag (name, dag_id) SELECT '@TAG@', dag_id FROM dag ON CONFLICT DO NOTHING;

INSERT INTO hookline_event (seq, source, event_id, event_type, candidates, run_paused, received_at, body, state, due_at,
    attempts, reason, dag_id, run_id, correlation)
SELECT n, source, 'e' || n, type, json_build_array(dag, source)::text, false, at,
    json_build_object('specversion', '1.0', 'id', 'e' || n, 'source', source, 'type', type, 'time', at, 'data',
        json_build_object('order', n, 'customer', 'customer-' || n % 5000, 'note', repeat(md5(n::text), 20)),
        'hookline', json_build_object('headers', json_build_object('content-type', 'application/json',
            'user-agent', 'sender/1.0', 'x-delivery-id', 'e' || n)))::text,
    state, at, 1, CASE state WHEN 'held' THEN 'The Dag `' || dag || '` is paused.' WHEN 'quarantined' THEN '/order is not a string' END,
    CASE state WHEN 'dispatched' THEN dag END, CASE state WHEN 'dispatched' THEN 'webhook__' || source || '__e' || n END,
    CASE WHEN n % 5 = 0 THEN 'order-' || n / 15 END
FROM arrived;

INSERT INTO hookline_job (seq, event_seq, source, event_id, event_type, received_at, url, kind, target, dag_id, run_id, state,
    reason, attempts, due_at, created_at, updated_at)
SELECT seq, n, source, 'e' || n, type, at, 'https://airflow.example/hooks/in/' || source, kind, target, job.dag,
    CASE WHEN job.dag IS NOT NULL AND job.state = 'done' THEN 'webhook__' || source || '__e' || n END, job.state,
    CASE job.state WHEN 'held' THEN 'The Dag is paused.' WHEN 'refused' THEN 'Airflow has no room for it.' END, 1, at, at, at
FROM arrived, generate_series(0, 2) AS place, LATERAL (SELECT 3 * n - 2 + place AS seq,
    CASE WHEN place < 2 THEN 'run' WHEN n % 10000 = 3 THEN 'manual' WHEN n % 10 = 0 THEN 'wake' ELSE 'asset' END AS kind,
    CASE place WHEN 0 THEN arrived.dag WHEN 1 THEN 'audit' END AS dag,
    CASE place WHEN 0 THEN arrived.dag WHEN 1 THEN 'audit' ELSE 'x-event://' || source || '/' || type END AS target,
    CASE WHEN luck < 0.01 THEN 'held' WHEN luck < 0.018 THEN 'refused' WHEN luck < 0.023 THEN 'cancelled'
        WHEN luck < 0.025 THEN 'gathering' ELSE 'done' END AS state
    FROM (SELECT pg_temp.drawn(3 * n + place, 4) AS luck) AS drawn) AS job;

-- Airflow keeps its own runs for less long than Hookline its record: those of one event in twenty, three tasks each.
INSERT INTO dag_run (dag_id, run_id, run_type, run_after, state, start_date, end_date, clear_number, creating_job_id)
SELECT dag, 'webhook__' || source || '__e' || n, 'manual', at, CASE WHEN n % 300 = 0 THEN 'failed' ELSE 'success' END, at,
    at + interval '3 s', 0, NULL FROM arrived WHERE n % 20 = 0 AND state = 'dispatched';
INSERT INTO task_instance (id, task_id, dag_id, run_id, map_index, try_number, pool, pool_slots, state, start_date, end_date)
SELECT gen_random_uuid(), task, dag, 'webhook__' || source || '__e' || n, -1, 1, 'default_pool', 1, 'success', at, at
FROM arrived, unnest(ARRAY['check', 'book', 'tell']) AS task WHERE n % 20 = 0 AND state = 'dispatched';

INSERT INTO hookline_delivery (seq, delivery_id, webhook, endpoint, target, dag_id, run_id, task_id, map_index, try_number,
    transition, occurred_at, added_at, payload, state, due_at, attempts, failures, status, reason, ended_at)
SELECT n, 'msg_' || n, 'told' || floor(50 * power(pg_temp.drawn(n, 5), 3)), 'crm' || e || ' /events',
    json_build_object('conn_id', 'crm' || e, 'path', '/events', 'method', 'POST')::text, dag, 'webhook__' || source || '__e' || n,
    (ARRAY['check', 'book', 'tell'])[1 + n % 3], -1, 1, (ARRAY['completed', 'failed', 'started'])[1 + n % 3], at, at,
    json_build_object('dag_id', dag, 'note', repeat(md5(n::text), 6))::text, sent, at, 1, 0, CASE sent WHEN 'dead' THEN 503 ELSE 200 END,
    CASE sent WHEN 'dead' THEN 'answered 503' END, at
FROM arrived, LATERAL (SELECT floor(50 * power(pg_temp.drawn(n, 6), 3)) AS e, pg_temp.drawn(n, 7) AS luck) AS drawn,
    LATERAL (SELECT CASE WHEN luck < 0.015 THEN 'dead' WHEN luck < 0.025 THEN 'held' WHEN luck < 0.03 THEN 'cancelled' ELSE 'delivered' END AS sent) AS became;

INSERT INTO hookline_attempt (delivery, started_at, seconds, status, error, request_headers, response_headers, response_body)
SELECT seq, added_at, 0.1, status, reason, '{"content-type": "application/json", "webhook-id": "msg"}', '{"server": "crm"}', 'ok'
FROM hookline_delivery, generate_series(1, CASE state WHEN 'dead' THEN 8 ELSE 1 END);

-- What does not grow with the events: a source keeps its newest refusals only.
INSERT INTO hookline_refusal (source, refused_at, problem, status, reason, client, request, times)
SELECT 'source' || s, now() - interval '1 minute' * n, 'unauthenticated', 401, 'The signature in `X-Signature` is wrong.', '192.0.2.1',
    json_build_object('method', 'POST', 'path', '/hooks/in/source' || s, 'body', repeat(md5(n::text), 20))::text, 1
FROM generate_series(1, 100) AS n, generate_series(0, 199) AS s;
INSERT INTO hookline_endpoint (key, conn_id, ordered, state, reason, changed_at, failures, openings, full_at)
SELECT 'crm' || e || ' /events', 'crm' || e, false, CASE WHEN e % 10 = 9 THEN 'open' ELSE 'closed' END, NULL, now(), 0, 0, 0
FROM generate_series(0, 49) AS e;
INSERT INTO hookline_step_webhook (name, dag_id, task_id, definition, enabled, origin, author, updated_at)
SELECT 'told' || w, 'source' || w, 'tell', json_build_object('name', 'told' || w, 'conn_id', 'crm' || w, 'on', 'completed')::text,
    true, 'console', 'ada', now() FROM generate_series(0, 49) AS w;
INSERT INTO hookline_replay (state, selection, version, rate, total, done, gone, created_by, created_at, due_at)
SELECT 'done', '{"event": 1}', 'latest', 100, 100, 100, 0, 'ada', now(), now() FROM generate_series(1, 1000);
