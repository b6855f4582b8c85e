-- Apps that speak Tencent IM's server API: by which number, signed with which key, by whom.

create table ledger.tencent_apps (
  sdkappid bigint not null,
  app text collate "C" not null,
  secret_key text not null,
  administrators text[] not null,
  created_at timestamptz not null,
  constraint tencent_apps_pk primary key (sdkappid),
  constraint tencent_apps_app foreign key (app) references ledger.apps (app),
  constraint tencent_apps_sdkappid_range check (sdkappid > 0),
  constraint tencent_apps_secret_key_bytes check (octet_length(secret_key) between 1 and 1024),
  constraint tencent_apps_administrators_count check (
    cardinality(administrators) between 1 and 100)
);
comment on table ledger.tencent_apps is
  'SDKAppIDs under which an app takes requests of Tencent IM''s server API.';
comment on column ledger.tencent_apps.sdkappid is 'The SDKAppID.';
comment on column ledger.tencent_apps.app is 'The app whose ledger it is.';
comment on column ledger.tencent_apps.secret_key is
  'What UserSigs are made with; readable by the role that checks them only.';
comment on column ledger.tencent_apps.administrators is
  'Identifiers that may send requests.';
comment on column ledger.tencent_apps.created_at is 'When it was added.';
