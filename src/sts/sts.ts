/** AWS Security Token Service: who calls, and temporary credentials. It keeps nothing: the session token says all there is to know. */
import { type ServiceRulebook, serviceRulebook } from "../service-machine/service-rulebook.ts";
import { stsOperations } from "./sts-operations.ts";

export const sts: ServiceRulebook = serviceRulebook<object>({
  name: "sts",
  operations: stsOperations,
  createState: () => ({}),
});
