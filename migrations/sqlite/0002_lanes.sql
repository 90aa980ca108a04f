-- A lane is held by its first message also while that is with the broker.
drop index outbox_lane;
create index outbox_lane on outbox (lane, position)
    where lane is not null and state in ('waiting', 'delayed', 'claimed', 'sent');
