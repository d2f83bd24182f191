import type { FargateProvider, FargateUse } from "../documents/fargate-use.ts";
import type { Caller, Given } from "./call.ts";

/** What an agent's session reports, in addition to the agent's API calls. */
export type AgentReport =
  | {
      readonly type: "agent-connected";
      readonly instanceId: string;
      readonly agentVersion: string | null;
      readonly agentHash: string | null;
      /** Such as `DockerVersion: 25.0.8`, as the API shows it. */
      readonly dockerVersion: string | null;
      /** True for the first connection of an agent's process; false if a running agent reconnected. */
      readonly isNewProcess: boolean;
    }
  | { readonly type: "agent-disconnected"; readonly instanceId: string }
  /** The agent's credentials for its tasks' roles are missing or old. */
  | { readonly type: "credentials-due"; readonly instanceId: string }
  | {
      readonly type: "instance-status";
      readonly instanceId: string;
      readonly checks: readonly {
        readonly type: "CONTAINER_RUNTIME" | "ACCELERATED_COMPUTE" | "DAEMON" | "AGENT_CONNECTIVITY";
        readonly status: "OK" | "INITIALIZING" | "IMPAIRED" | "INSUFFICIENT_DATA";
        readonly statusReason: string | null;
        /** When the agent published it. */
        readonly reportedAt: number;
      }[];
    }
  | {
      readonly type: "task-health";
      readonly instanceId: string;
      readonly tasks: readonly {
        readonly taskArn: string;
        readonly containers: readonly {
          readonly name: string;
          readonly healthStatus: "HEALTHY" | "UNHEALTHY" | "UNKNOWN";
        }[];
      }[];
    }
  | {
      readonly type: "update-answered";
      readonly instanceId: string;
      readonly stage: "stage" | "perform";
      readonly accepted: boolean;
      readonly reason: string | null;
    }
  /** The agent runs tasks that the manifest doesn't name; the machine says which of them must stop. */
  | {
      readonly type: "stop-candidates";
      readonly instanceId: string;
      readonly messageId: string;
      readonly taskArns: readonly string[];
    };

/** What a cluster knows of its Fargate reservation (revision null if it knows none yet), and what it uses. */
export type FargateStanding = {
  readonly revision: number | null;
  readonly use: FargateUse;
  readonly reserved: FargateUse;
};

/** Every input of a cluster machine. */
export type ClusterInput =
  | { readonly type: "call"; readonly operation: string; readonly request: object; readonly given: Given }
  | { readonly type: "agent-report"; readonly report: AgentReport }
  | { readonly type: "timer" }
  /** First input after loading: agents that were connected have yet to come back. */
  | { readonly type: "recovered" }
  /** Reply: ClusterCounts. */
  | { readonly type: "count" }
  /** Which of these task definition ARNs tasks here still use. Reply: string[]. */
  | { readonly type: "revisions-in-use"; readonly arns: readonly string[] }
  /** Whether an agent may connect for an instance as `caller` (null: an agent in this process). Reply: AgentStanding. */
  | { readonly type: "agent-standing"; readonly instanceId: string; readonly caller: Caller | null }
  /** The addresses of the container instances. Reply: InstanceAddresses. */
  | { readonly type: "instance-addresses" }
  /** Part of the account's Fargate quota became free, here or in another cluster: waiting services look again. Reply: null. */
  | { readonly type: "fargate-freed" }
  /**
   * Asks for the cluster's use and reservation on Fargate. If `returnsSpare`, the cluster gives back at once what it doesn't use, and the
   * caller must inform the account. Reply: FargateStanding.
   */
  | { readonly type: "fargate-standing"; readonly returnsSpare: boolean }
  /**
   * What the account has reserved for the cluster. A revision older than the known one changes nothing, and neither does a reservation for an
   * incarnation that is closed. Reply: null.
   */
  | {
      readonly type: "fargate-reserved";
      readonly incarnation: number;
      readonly revision: number;
      readonly reserved: FargateUse;
    }
  /**
   * The answer to the cluster's effect `reserve-fargate`: of `noMoreOf` the account has no more. Null if the account could not be asked.
   * Reply: null.
   */
  | { readonly type: "fargate-answered"; readonly noMoreOf: readonly FargateProvider[] | null }
  /** DeleteCluster: refuses unless empty, then accepts no more calls under this incarnation. */
  | { readonly type: "close"; readonly incarnation: number }
  /** The account has recorded that the cluster was closed under this incarnation; it may have created it again since. Reply: null. */
  | { readonly type: "account-knows"; readonly incarnation: number; readonly isCreatedAgain: boolean };
