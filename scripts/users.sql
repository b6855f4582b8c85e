-- The database users of PushLedger's processes, each with the rights of one process and no more.
-- docker-compose.yml runs this once, when its database is made. For a server of your own: create
-- the database and, connected to it as a superuser, run
--
--   psql --set ON_ERROR_STOP=1 --file scripts/users.sql
--
-- with the six passwords in the environment. Run again, it sets the passwords anew.
--
--   pushledger_owner     `migrate`, `apps`, `keys`, `credentials`: owns every table
--   pushledger_serve     `serve`
--   pushledger_project   `project`
--   pushledger_dispatch  `dispatch`
--   pushledger_react     `react`
--   pushledger_read      people and reports: the views of schema pushledger

\set ON_ERROR_STOP 1
\getenv owner_password PUSHLEDGER_OWNER_PASSWORD
\getenv serve_password PUSHLEDGER_SERVE_PASSWORD
\getenv project_password PUSHLEDGER_PROJECT_PASSWORD
\getenv dispatch_password PUSHLEDGER_DISPATCH_PASSWORD
\getenv react_password PUSHLEDGER_REACT_PASSWORD
\getenv read_password PUSHLEDGER_READ_PASSWORD

-- Statements with a password stay out of the server's log, whatever it is told to log.
set log_statement = 'none';
set log_min_duration_statement = -1;
set log_min_error_statement = 'panic';

set client_min_messages = warning;

select format('create role %I', name)
from unnest(array[
  'pushledger_writer', 'pushledger_projector', 'pushledger_dispatcher', 'pushledger_reactor',
  'pushledger_reader', 'pushledger_owner', 'pushledger_serve', 'pushledger_project',
  'pushledger_dispatch', 'pushledger_react', 'pushledger_read']) as name
where not exists (select from pg_catalog.pg_roles where rolname = name)
\gexec

begin;
alter role pushledger_owner login password :'owner_password';
alter role pushledger_serve login password :'serve_password';
alter role pushledger_project login password :'project_password';
alter role pushledger_dispatch login password :'dispatch_password';
alter role pushledger_react login password :'react_password';
alter role pushledger_read login password :'read_password';

grant pushledger_writer to pushledger_serve;
grant pushledger_projector to pushledger_project;
grant pushledger_dispatcher to pushledger_dispatch;
grant pushledger_reactor to pushledger_react;
grant pushledger_reader to pushledger_read;

alter database :"DBNAME" owner to pushledger_owner;
revoke all on database :"DBNAME" from public;
grant connect on database :"DBNAME"
  to pushledger_serve, pushledger_project, pushledger_dispatch, pushledger_react, pushledger_read;
commit;
