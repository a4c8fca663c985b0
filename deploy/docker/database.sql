-- A pooler does not pass these on from each connection; docs/operations.md, "Connection poolers".
alter database tenantry set statement_timeout = '5s';
alter database tenantry set lock_timeout = '1500ms';
alter database tenantry set idle_in_transaction_session_timeout = '10s';
