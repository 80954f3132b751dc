"""Lambda's Invoke and the CodeDeploy of lifecycle hooks, for aws_server.py.

world["function"]   {"result": text, "error": the value of X-Amz-Function-Error, "version": ..., "status": 200}
world["revisions"]  {deployment id: the revision of GetDeployment}
world["invoked"]    what Invoke got: [{"function", "qualifier", "type", "event"}]
world["hooks"]      {execution id: status}: CodeDeploy takes the first status alone
"""

import json
import re
from urllib.parse import parse_qs, urlsplit

from aws_world import Refusal, check_model, world


class Deploy:
    def lambda_invoke(self, body):
        url = urlsplit(self.path)
        path = re.fullmatch(r"/2015-03-31/functions/([A-Za-z0-9_-]+)/invocations", url.path)
        if not path or self.command != "POST":
            raise Refusal(404, "UnknownOperationException")
        query = parse_qs(url.query)
        sent = {"FunctionName": path[1], "Payload": body,
                "InvocationType": self.headers["X-Amz-Invocation-Type"]}
        if "Qualifier" in query:
            sent["Qualifier"] = query["Qualifier"][0]
        check_model("lambda", "Invoke", sent)
        if path[1] == "absent":
            raise Refusal(404, "ResourceNotFoundException", "Function not found: " + path[1])
        world["invoked"].append({"function": path[1], "qualifier": sent.get("Qualifier", ""),
                                 "type": sent["InvocationType"], "event": body.decode()})
        function = world["function"]
        headers = {"Content-Type": "application/json"}
        if "version" in function:
            headers["X-Amz-Executed-Version"] = function["version"]
        if "error" in function:
            headers["X-Amz-Function-Error"] = function["error"]
        return function.get("status", 200), function.get("result", "null").encode(), headers

    def codedeploy(self, body):
        prefix, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
        if prefix != "CodeDeploy_20141006" or self.path != "/" or self.command != "POST":
            raise Refusal(400, "UnknownOperationException")
        if self.headers["Content-Type"] != "application/x-amz-json-1.1":
            raise Refusal(400, "SerializationException")
        params = json.loads(body)
        check_model("codedeploy", operation, params)
        if params["deploymentId"] not in world["revisions"]:
            raise Refusal(400, "DeploymentDoesNotExistException", "The deployment does not exist.")
        if operation == "GetDeployment":
            info = {"deploymentId": params["deploymentId"], "status": "InProgress",
                    "revision": world["revisions"][params["deploymentId"]]}
            return 200, json.dumps({"deploymentInfo": info}).encode(), {}
        execution = params["lifecycleEventHookExecutionId"]
        if params["status"] not in ("Succeeded", "Failed"):
            raise Refusal(400, "InvalidLifecycleEventHookExecutionStatusException")
        if execution in world["hooks"]:
            raise Refusal(400, "LifecycleEventAlreadyCompletedException", "It has a status.")
        world["hooks"][execution] = params["status"]
        return 200, json.dumps({"lifecycleEventHookExecutionId": execution}).encode(), {}
