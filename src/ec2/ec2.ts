/**
 * Amazon EC2, as far as it shows what tasks and container instances have. It keeps nothing: everything follows from ECS.
 * DIFFERS: with a companion all calls of EC2 are the companion's, which doesn't know the interfaces of tasks; only without one Berth answers five reads itself.
 */
import { type ServiceRulebook, serviceRulebook } from "../service-machine/service-rulebook.ts";
import { ec2Operations } from "./ec2-operations.ts";

export const ec2: ServiceRulebook = serviceRulebook<object>({
  name: "ec2",
  operations: ec2Operations,
  createState: () => ({}),
});
