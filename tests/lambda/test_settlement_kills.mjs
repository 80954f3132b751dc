// The settlement function disturbed at some steps of a rerun (tests/support/settlement_kills.mjs).
import { killTests } from '../support/settlement_kills.mjs';

killTests({ request_step: 7, packet_step: 71, database_kills: [9] });
