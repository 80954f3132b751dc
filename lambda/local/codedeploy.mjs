// CodeDeploy as a lifecycle hook sees it: deployments with their AppSpec, and the statuses that hooks report.
// It moves no alias; a test starts a deployment and reads what became of its hook.
import { randomBytes, randomUUID } from 'node:crypto';
import { JSON_TYPES, Refusal, requestId } from './refusal.mjs';

const PREFIX = 'CodeDeploy_20141006';

export class LocalCodeDeploy {
  constructor() {
    this.deployments = new Map();
    this.puts = []; // every status that was sent, refused ones included
  }

  // A deployment of a Lambda function; appspec: text, instead of the one made from the versions. Returns the
  // event of its hook.
  createDeployment({ function: name, from = '1', to, alias = 'live', appspec, revision_type = 'AppSpecContent' }) {
    const id = `d-${randomBytes(6).toString('hex').toUpperCase().slice(0, 9)}`;
    const properties = { Name: name, Alias: alias, CurrentVersion: from, TargetVersion: to };
    const content = appspec ?? JSON.stringify({ version: 0.0, Resources: [{ [name]: { Type: 'AWS::Lambda::Function', Properties: properties } }] });
    const revision = revision_type === 'S3' ? { s3Location: { bucket: 'revisions', key: id } }
      : { [revision_type === 'String' ? 'string' : 'appSpecContent']: { content } };
    const execution_id = Buffer.from(`${id}:${randomUUID()}`).toString('base64');
    this.deployments.set(id, { id, revision: { revisionType: revision_type, ...revision }, execution_id, status: null });
    return { DeploymentId: id, LifecycleEventHookExecutionId: execution_id };
  }

  // The status that counts: "Succeeded", "Failed"; null: none yet.
  statusOf({ DeploymentId: id }) {
    return this.deployments.get(id).status;
  }

  // A request of the front's.
  handle({ headers, body }) {
    const [prefix, operation] = (headers['x-amz-target'] ?? '').split('.');
    const operations = { GetDeployment: (input) => this.#get(input), PutLifecycleEventHookExecutionStatus: (input) => this.#put(input) };
    if (prefix !== PREFIX || !Object.hasOwn(operations, operation)) throw new Refusal('UnknownOperationException', `There is no ${operation} here.`);
    let input;
    try {
      input = JSON.parse(body);
    } catch {
      throw new Refusal('SerializationException', 'The body is not JSON.');
    }
    return {
      status: 200,
      headers: { 'content-type': JSON_TYPES.codedeploy, 'x-amzn-requestid': requestId() },
      body: Buffer.from(JSON.stringify(operations[operation](input))),
    };
  }

  #find({ deploymentId: id }) {
    if (typeof id !== 'string' || id === '') throw new Refusal('DeploymentIdRequiredException', 'The deployment id is missing.');
    const one = this.deployments.get(id);
    if (!one) throw new Refusal('DeploymentDoesNotExistException', `The deployment ${id} could not be found.`);
    return one;
  }

  #get(input) {
    const { id, revision } = this.#find(input);
    return { deploymentInfo: { applicationName: 'openmarket', deploymentGroupName: 'local', deploymentId: id, status: 'InProgress', computePlatform: 'Lambda', revision } };
  }

  // The first status counts; another is refused.
  #put(input) {
    const one = this.#find(input);
    const { lifecycleEventHookExecutionId: execution_id, status } = input;
    this.puts.push({ deployment_id: one.id, status });
    if (execution_id !== one.execution_id) throw new Refusal('InvalidLifecycleEventHookExecutionIdException', 'There is no such execution of a hook.');
    if (!['Succeeded', 'Failed'].includes(status)) throw new Refusal('InvalidLifecycleEventHookExecutionStatusException', `${status} is no status of a hook.`);
    if (one.status !== null) throw new Refusal('LifecycleEventAlreadyCompletedException', 'The hook has completed already.');
    one.status = status;
    return { lifecycleEventHookExecutionId: execution_id };
  }
}
