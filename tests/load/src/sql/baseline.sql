-- What the baseline starts from: plans in force under the reward service's own schema, each with its budget.
INSERT INTO plan (id, version, display_name, state, currency, terms, maker, submitter, checker, revision, created_at, updated_at)
SELECT 'plan-' || number, 1, 'Load', 'ACTIVE', 'CZK', '\x01', 'mila', 'mila', 'ota', 3, now(), now()
FROM generate_series(1, 100) AS number;

INSERT INTO plan_budget (plan_id, limit_minor) SELECT id, 100000000000000 FROM plan;
