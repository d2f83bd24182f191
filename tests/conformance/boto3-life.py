"""The life of container instances and tasks through boto3, against the server at $BERTH_ENDPOINT. Fails at the first surprise."""

import os
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

ecs = boto3.client(
    "ecs",
    endpoint_url=os.environ["BERTH_ENDPOINT"],
    config=Config(retries={"max_attempts": 0}),
)
PREFIX = "arn:aws:ecs:eu-west-1:123456789012:"
CLUSTER = "boto"
FAST = {"Delay": 1, "MaxAttempts": 30}


def expect(what, got, wanted):
    assert got == wanted, f"{what}: {got!r} is not {wanted!r}"
    print(what)


def refused(what, code, text, call, **request):
    try:
        call(**request)
    except ClientError as error:
        expect(what, error.response["Error"]["Code"], code)
        if text is not None:
            expect(f"  {text}", error.response["Error"]["Message"], text)
        assert error.response["ResponseMetadata"]["RequestId"]
        return
    raise AssertionError(f"{what}: not refused")


def instance(arn, **more):
    answer = ecs.describe_container_instances(cluster=CLUSTER, containerInstances=[arn], **more)
    return answer["containerInstances"][0]


def until(what, look, holds):
    for _ in range(200):
        found = look()
        if holds(found):
            print(what)
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: {found!r}")


made = ecs.create_cluster(clusterName=CLUSTER, settings=[{"name": "containerInsights", "value": "enabled"}])
expect("a cluster", made["cluster"]["clusterArn"], f"{PREFIX}cluster/{CLUSTER}")
refused("another one is not found", "ClusterNotFoundException", "Cluster not found.", ecs.list_tasks, cluster="none")

arns = []
for number in range(2):
    registered = ecs.register_container_instance(
        cluster=CLUSTER,
        totalResources=[
            {"name": "CPU", "type": "INTEGER", "integerValue": 512},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024},
            {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"]},
        ],
        attributes=[{"name": "number", "value": str(number)}],
    )
    arns.append(registered["containerInstance"]["containerInstanceArn"])
pages = ecs.get_paginator("list_container_instances").paginate(cluster=CLUSTER, PaginationConfig={"PageSize": 1})
listed = [arn for page in pages for arn in page["containerInstanceArns"]]
expect("two container instances, page by page", listed, sorted(arns))
expect("connected", [instance(arn)["agentConnected"] for arn in arns], [True, True])
expect("a time is a time", instance(arns[0])["registeredAt"].tzinfo is not None, True)

definition = ecs.register_task_definition(
    family="boto",
    containerDefinitions=[
        {
            "name": "main",
            "image": "nginx",
            "cpu": 128,
            "memory": 128,
            "portMappings": [{"containerPort": 80}],
        }
    ],
)["taskDefinition"]
expect("a task definition", definition["taskDefinitionArn"], f"{PREFIX}task-definition/boto:1")
answer = ecs.run_task(cluster=CLUSTER, taskDefinition="boto", count=10, startedBy="boto3")
tasks = [task["taskArn"] for task in answer["tasks"]]
expect("eight tasks fit", (len(tasks), [f["reason"] for f in answer["failures"]]), (8, ["RESOURCE:CPU"]))
ecs.get_waiter("tasks_running").wait(cluster=CLUSTER, tasks=tasks, WaiterConfig=FAST)
described = ecs.describe_tasks(cluster=CLUSTER, tasks=tasks)["tasks"]
expect("all RUNNING", {task["lastStatus"] for task in described}, {"RUNNING"})
bindings = [task["containers"][0]["networkBindings"][0] for task in described]
expect("with host ports", all(binding["hostPort"] >= 32768 for binding in bindings), True)
expect("none left", instance(arns[0])["remainingResources"][0]["integerValue"], 0)
refused(
    "an instance with tasks is not deregistered",
    "InvalidParameterException",
    "Found running tasks on the instance.",
    ecs.deregister_container_instance,
    cluster=CLUSTER,
    containerInstance=arns[0],
)

ecs.put_attributes(
    cluster=CLUSTER,
    attributes=[{"name": "stack", "value": "blue", "targetType": "container-instance", "targetId": arns[0]}],
)
found = ecs.list_attributes(cluster=CLUSTER, targetType="container-instance", attributeName="stack")
expect("an attribute", [row["targetId"] for row in found["attributes"]], [arns[0]])
ecs.tag_resource(resourceArn=tasks[0], tags=[{"key": "team", "value": "boto"}])
expect("a tag", ecs.list_tags_for_resource(resourceArn=tasks[0])["tags"], [{"key": "team", "value": "boto"}])

ecs.update_container_agent(cluster=CLUSTER, containerInstance=arns[1])
until("an agent is updated", lambda: instance(arns[1]), lambda i: i.get("agentUpdateStatus") == "UPDATED")
until(
    "an instance is healthy",
    lambda: instance(arns[0], include=["CONTAINER_INSTANCE_HEALTH"]),
    lambda i: i["healthStatus"]["overallStatus"] == "OK",
)

web = ecs.create_service(cluster=CLUSTER, serviceName="web", taskDefinition="boto", desiredCount=0)["service"]
expect("a service", (web["status"], web["deployments"][0]["rolloutState"]), ("ACTIVE", "IN_PROGRESS"))
ecs.get_waiter("services_stable").wait(cluster=CLUSTER, services=["web"], WaiterConfig=FAST)
refused("one that is not", "ServiceNotFoundException", "Service not found.", ecs.delete_service, cluster=CLUSTER, service="none")
expect("it goes", ecs.delete_service(cluster=CLUSTER, service="web")["service"]["status"], "DRAINING")
ecs.get_waiter("services_inactive").wait(cluster=CLUSTER, services=["web"], WaiterConfig=FAST)

drained = ecs.update_container_instances_state(cluster=CLUSTER, containerInstances=arns, status="DRAINING")
expect("draining", {i["status"] for i in drained["containerInstances"]}, {"DRAINING"})
for task in tasks:
    ecs.stop_task(cluster=CLUSTER, task=task, reason="boto3 is done")
ecs.get_waiter("tasks_stopped").wait(cluster=CLUSTER, tasks=tasks, WaiterConfig=FAST)
stopped = ecs.describe_tasks(cluster=CLUSTER, tasks=tasks[:1])["tasks"][0]
expect("stopped with its reason", (stopped["stopCode"], stopped["stoppedReason"]), ("UserInitiated", "boto3 is done"))
try:
    ecs.get_waiter("tasks_running").wait(cluster=CLUSTER, tasks=tasks[:1], WaiterConfig=FAST)
    raise AssertionError("a stopped task is not waited for")
except WaiterError:
    print("the waiter gives a stopped task up")
for arn in arns:
    gone = ecs.deregister_container_instance(cluster=CLUSTER, containerInstance=arn)
    expect("deregistered", gone["containerInstance"]["status"], "INACTIVE")
expect("the cluster goes", ecs.delete_cluster(cluster=CLUSTER)["cluster"]["status"], "INACTIVE")
refused("task sets are not there yet", "ClientException", None, ecs.describe_task_sets, cluster="default", service="web")
print("all as expected")
