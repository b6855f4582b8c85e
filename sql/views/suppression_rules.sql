-- The table of docs/decisions.md, section 2, by the reasons that suppressed decisions carry.
create or replace view pushledger.suppression_rules as
  select r.reason, r.rule, r.sentence
  from (values
    ('online_only', '2.1', 'The message was for those online only.'),
    ('push_off_by_sender', '2.2', 'The sender wanted no push: push is false, or PushFlag is 1.'),
    ('nothing_to_show', '2.3', 'The message has no text and no title that could be shown.'),
    ('rejected', '2.4', 'The recipient''s option for the conversation is reject.'),
    ('muted', '2.5', 'The recipient''s option for the conversation is silent.'),
    ('not_mentioned', '2.6',
      'The recipient''s option is mentions, and the message names neither them nor all.'),
    ('quiet', '2.7', 'It was sent in the recipient''s quiet hours, or before muted_until.'),
    ('no_device', '2.8', 'The recipient has no device.'),
    ('logged_out', '2.9', 'The device was logged out, kicked, or its token registered elsewhere.'),
    ('offline', '2.9a', 'The device was given up as out of reach, and not heard of since.'),
    ('no_token', '2.9b', 'The device is logged in, and registered no token yet.'),
    ('token_invalid', '2.10', 'The provider refused all the device''s tokens for good.'),
    ('push_off_on_device', '2.11', 'The device wants no push: settings.push is false.'),
    ('foreground', '2.12', 'The app was in the foreground on the device.')
  ) as r (reason, rule, sentence);

comment on view pushledger.suppression_rules is
  'What each reason of a suppressed decision means: the rules of docs/decisions.md, section 2.';
comment on column pushledger.suppression_rules.reason is 'As deliveries.reason has it.';
comment on column pushledger.suppression_rules.rule is 'The rule''s number.';
comment on column pushledger.suppression_rules.sentence is 'What held for the recipient or device.';
