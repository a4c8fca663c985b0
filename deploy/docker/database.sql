-- Run once by psql, as the superuser; docs/operations.md, "The database role".
\getenv password DATABASE_PASSWORD
create role tenantry login nosuperuser nocreaterole nocreatedb password :'password';
revoke all on database tenantry from public;
grant connect, create on database tenantry to tenantry;

-- A pooler does not pass these on from each connection; docs/operations.md, "Connection poolers".
alter database tenantry set statement_timeout = '5s';
alter database tenantry set lock_timeout = '1500ms';
alter database tenantry set idle_in_transaction_session_timeout = '10s';
