-- Users of gendan's database, each with no more rights than it needs. Run it as a superuser, in that database:
--
--     createdb gendan
--     psql -d gendan -f config/postgres-roles.sql      (makes the users)
--     gendan …                                         (once as gendan_owner: makes the tables)
--     psql -d gendan -f config/postgres-roles.sql      (gives the rights on them)
--
-- Run it again after an update that brought tables. Passwords are yours to set (\password gendan_worker). Other names:
-- psql -v owner=… -v worker=… -v reader=….
--
--     owner    makes and changes the tables; used when gendan is updated
--     worker   `gendan run` and the commands: writes what they write, and can't change or delete events, effects or seals
--     reader   reports; reads everything

\set ON_ERROR_STOP on
\if :{?owner} \else \set owner gendan_owner \endif
\if :{?worker} \else \set worker gendan_worker \endif
\if :{?reader} \else \set reader gendan_reader \endif

select format('create role %I login', name) from unnest(array[:'owner', :'worker', :'reader']) name
where not exists (select 1 from pg_roles where rolname = name) \gexec

select format('revoke all on database %I from public', current_database()) \gexec
select format('grant connect on database %I to %I, %I, %I', current_database(), :'owner', :'worker', :'reader') \gexec

revoke create on schema public from public;
grant usage, create on schema public to :"owner";
grant usage on schema public to :"worker", :"reader";

select format('revoke all on %I from %I, %I; grant select on %I to %I; grant %s on %I to %I',
    tablename, :'worker', :'reader', tablename, :'reader', rights, tablename, :'worker')
from (values
    ('_sqlx_migrations', 'select'),
    ('aggregate', 'select, insert, update'),
    ('event', 'select, insert'),
    ('outbox', 'select, insert, update, delete'),
    ('gone', 'select, insert, delete'),
    ('pruning', 'select, update'),
    ('inbox', 'select, insert, delete'),
    ('effect', 'select, insert'),
    ('review', 'select, insert, update'),
    ('timer', 'select, insert, update, delete'),
    ('parked', 'select, insert, update, delete'),
    ('attempt', 'select, insert, update, delete'),
    ('intent', 'select, insert, update, delete'),
    ('seal', 'select, insert'),
    ('seal_head', 'select, insert')
) needed (name, rights)
join pg_tables on schemaname = 'public' and tablename = name \gexec
