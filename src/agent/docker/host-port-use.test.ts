import assert from "node:assert/strict";
import { test } from "node:test";
import { portsIn } from "./host-port-use.ts";

test("local ports in the range are read from the kernel's table, each once", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:8001 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0
   1: 00000000:0050 0100007F:9000 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0
  sl  local_address                         remote_address                        st tx_queue
  12: 00000000000000000000000000000000:8001 00000000000000000000000000000000:0000 0A 00000000:00000000
  13: 00000000000000000000000000000000:EE47 00000000000000000000000000000000:0000 0A 00000000:00000000
`;
  assert.deepEqual(portsIn(table), [0x8001, 60_999]);
});
