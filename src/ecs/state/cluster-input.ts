import type { FargateProvider, FargateUse } from "../documents/fargate-use.ts";
import type { Caller, Given } from "./call.ts";

/** What an agent's session tells the control plane beside the API calls that the agent makes. */
export type AgentReport =
  | {
      readonly type: "agent-connected";
      readonly instanceId: string;
      readonly agentVersion: string | null;
      readonly agentHash: string | null;
      /** As `DockerVersion: 25.0.8`, the way the API shows it. */
      readonly dockerVersion: string | null;
      /** True for the first connection of an agent's process; false when a running agent opened another one. */
      readonly isNewProcess: boolean;
    }
  | { readonly type: "agent-disconnected"; readonly instanceId: string }
  /** The agent has no credentials of its tasks' roles, or old ones. */
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
  /** The agent runs tasks that the manifest did not name; the machine says which of them must stop. */
  | {
      readonly type: "stop-candidates";
      readonly instanceId: string;
      readonly messageId: string;
      readonly taskArns: readonly string[];
    };

/** What a cluster knows of its reservation on Fargate (revision null when it knows none yet), and what it uses. */
export type FargateStanding = {
  readonly revision: number | null;
  readonly use: FargateUse;
  readonly reserved: FargateUse;
};

/** Everything that can make a cluster machine move. */
export type ClusterInput =
  | { readonly type: "call"; readonly operation: string; readonly request: object; readonly given: Given }
  | { readonly type: "agent-report"; readonly report: AgentReport }
  | { readonly type: "timer" }
  /** First input after loading: agents that were connected have yet to come back. */
  | { readonly type: "recovered" }
  /** Reply: ClusterCounts. */
  | { readonly type: "count" }
  /** Of the given task definition ARNs, those that tasks here still use. Reply: string[]. */
  | { readonly type: "revisions-in-use"; readonly arns: readonly string[] }
  /** Whether an agent may connect for an instance as `caller`; null for one in this process. Reply: AgentStanding. */
  | { readonly type: "agent-standing"; readonly instanceId: string; readonly caller: Caller | null }
  /** CPU units of the account's quota for Fargate were given back, here or in another cluster: services that wait look again. Reply: null. */
  | { readonly type: "fargate-freed" }
  /**
   * How the cluster stands to its reservation on Fargate. It gives back at once what it doesn't use, if `returnsSpare`: then the account has
   * to be told. Reply: FargateStanding.
   */
  | { readonly type: "fargate-standing"; readonly returnsSpare: boolean }
  /** What the account has reserved for the cluster. An older revision than the one known changes nothing. Reply: null. */
  | { readonly type: "fargate-reserved"; readonly revision: number; readonly reserved: FargateUse }
  /**
   * What the cluster asked for by its effect `reserve-fargate` has come, as far as it can: of `noMoreOf` the account has no more. Null when
   * nobody could say. Reply: null.
   */
  | { readonly type: "fargate-answered"; readonly noMoreOf: readonly FargateProvider[] | null }
  /** DeleteCluster: refuses unless empty, then takes no more calls under this incarnation. */
  | { readonly type: "close"; readonly incarnation: number }
  /** The account knows that the cluster was closed under this incarnation; it may have created it again since. Reply: null. */
  | { readonly type: "account-knows"; readonly incarnation: number; readonly isCreatedAgain: boolean };
