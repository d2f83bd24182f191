/**
 * Amazon EC2, as far as it shows what tasks and container instances have. It keeps nothing: everything follows from ECS. With a companion, the companion's
 * part is added to each answer (`merged-reads.ts`).
 */
import { type ServiceRulebook, serviceRulebook } from "../service-machine/service-rulebook.ts";
import { ec2Operations } from "./ec2-operations.ts";

export const ec2: ServiceRulebook = serviceRulebook<object>({
  name: "ec2",
  operations: ec2Operations,
  createState: () => ({}),
});
