-- The table of docs/decisions.md, section 2, by the reasons that suppressed decisions carry.
-- Numbers and sentences are those of PushCore/Explain/Rule.swift: a test holds them together.
create or replace view pushledger.suppression_rules as
  select r.reason, r.rule, r.sentence
  from (values
    ('online_only', '2.1', 'The message is for those who are online only.'),
    ('push_off_by_sender', '2.2',
      'The sender wanted no push: `push` is false or `offline_push.PushFlag` is 1.'),
    ('nothing_to_show', '2.3', 'There is nothing to show: no text and no title.'),
    ('rejected', '2.4', 'The recipient''s option for this conversation is `reject`.'),
    ('muted', '2.5', 'The recipient''s option for this conversation is `silent`.'),
    ('not_mentioned', '2.6',
      'The recipient''s option is `mentions`, and the message neither mentions them or all, '
      || 'nor is it for them alone.'),
    ('quiet', '2.7', 'It came in the recipient''s quiet hours, or before `muted_until`.'),
    ('no_device', '2.8', 'The recipient has no device.'),
    ('logged_out', '2.9',
      'The device was logged out: by its user, by another login, or by its token elsewhere.'),
    ('offline', '2.9a', 'The device was given up as out of reach.'),
    ('no_token', '2.9b', 'The client had logged in, and registered no token yet.'),
    ('token_invalid', '2.10',
      'The provider had said that the device''s token is dead, on every way there was.'),
    ('push_off_on_device', '2.11',
      'Pushes are switched off on the device: `settings.push` is false.'),
    ('foreground', '2.12', 'The app was in the foreground on the device.')
  ) as r (reason, rule, sentence);

comment on view pushledger.suppression_rules is
  'What each reason of a suppressed decision means: the rules of docs/decisions.md, section 2.';
comment on column pushledger.suppression_rules.reason is 'As deliveries.reason has it.';
comment on column pushledger.suppression_rules.rule is 'The rule''s number.';
comment on column pushledger.suppression_rules.sentence is 'What held for the recipient or device.';
