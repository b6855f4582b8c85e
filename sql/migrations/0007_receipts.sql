-- Where push providers report what became of pushes.
--
-- A provider calls an address that was made for one credential. The address holds a secret, which
-- is all that tells its calls from a stranger's: vendors sign nothing, or with keys that only the
-- dispatcher has.

create table ledger.receipt_doors (
  token_sha256 bytea not null,
  app text collate "C" not null,
  provider text collate "C" not null,
  credential_id text collate "C" not null,
  created_at timestamptz not null,
  constraint receipt_doors_pk primary key (token_sha256),
  constraint receipt_doors_credential foreign key (app, provider, credential_id)
    references ledger.provider_credentials (app, provider, credential_id) on delete cascade,
  constraint receipt_doors_token_length check (octet_length(token_sha256) = 32)
);
create unique index receipt_doors_of_credential
  on ledger.receipt_doors (app, provider, credential_id);
comment on table ledger.receipt_doors is
  'The addresses that push providers report to, one for a credential. The address itself is kept '
  'nowhere.';
comment on column ledger.receipt_doors.token_sha256 is
  'SHA-256 of the secret at the end of the address.';
comment on column ledger.receipt_doors.app is 'Whose pushes are reported on.';
comment on column ledger.receipt_doors.provider is 'Which provider reports.';
comment on column ledger.receipt_doors.credential_id is 'What the pushes were sent with.';
comment on column ledger.receipt_doors.created_at is 'When the address was made.';
