// The settlement function disturbed at every request, and at every third packet of a rerun (tests/support/settlement_kills.mjs).
import { killTests } from '../support/settlement_kills.mjs';

killTests({ request_step: 1, packet_step: 3, database_kills: [2, 5, 9, 12, 14] });
