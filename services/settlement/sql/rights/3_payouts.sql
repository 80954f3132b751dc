-- Where the webhook function's tables stand in the same database: the state of a payout, which the
-- report then shows.
GRANT SELECT ON payouts TO 'settlement'@'%';
