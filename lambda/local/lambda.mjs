// Lambda's Invoke: the functions of this process, by name and version or alias. A function that was added
// with a version is reached by it alone; one without is $LATEST. Aliases point at a version.
import { MAX_RESPONSE_BYTES } from './runtime_api.mjs';
import { Refusal, requestId } from './refusal.mjs';

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const MAX_EVENT_BYTES = 6 * 1024 * 1024;
const LATEST = '$LATEST';
const TYPES = ['RequestResponse', 'Event', 'DryRun'];

export const isInvoke = ({ method, path }) => method === 'POST' && PATH.test(path);

// "image:7", as the request names it; "" if it is no Invoke.
export function invokedName({ path, query }) {
  const [, name] = path.match(PATH) ?? [];
  return name ? (query.Qualifier ? `${name}:${query.Qualifier}` : name) : '';
}

export class LocalLambda {
  // functions: Map of "name" or "name:version" to a LambdaFunction.
  constructor(functions) {
    this.functions = functions;
    this.aliases = new Map(); // "name:alias" -> version
  }

  setAlias(name, alias, version) {
    this.aliases.set(`${name}:${alias}`, version);
  }

  // {target, version}; refuses what is not there.
  find(name, qualifier = LATEST) {
    const version = this.aliases.get(`${name}:${qualifier}`) ?? qualifier;
    const target = this.functions.get(version === LATEST ? name : `${name}:${version}`);
    if (!target) throw new Refusal('ResourceNotFoundException', `Function not found: ${name}:${qualifier}`, 404);
    return { target, version };
  }

  // A request of the front's.
  async handle(request) {
    const { query, headers, body } = request;
    if (!isInvoke(request)) throw new Refusal('UnknownOperationException', 'There is Invoke alone here.', 404);
    const [, name] = request.path.match(PATH);
    const type = headers['x-amz-invocation-type'] ?? TYPES[0];
    if (!TYPES.includes(type)) throw new Refusal('InvalidParameterValueException', `There is no type ${type}.`);
    if (body.length > MAX_EVENT_BYTES) throw new Refusal('RequestTooLargeException', 'The event is too large.', 413);
    const event = body.length > 0 ? body.toString('utf8') : '{}';
    try {
      JSON.parse(event);
    } catch {
      throw new Refusal('InvalidRequestContentException', 'Could not parse request body into json.');
    }
    const { target, version } = this.find(name, query.Qualifier);
    const response = { status: 200, headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId(), 'x-amz-executed-version': version }, body: Buffer.alloc(0) };
    if (type === 'DryRun') return { ...response, status: 204 };
    if (type === 'Event') {
      target.invokeAsync(event);
      return { ...response, status: 202 };
    }
    const result = await target.invoke(event, { trace_id: headers['x-amzn-trace-id'] });
    if (result.error) response.headers['x-amz-function-error'] = 'Unhandled';
    response.body = Buffer.from(result.raw).subarray(0, MAX_RESPONSE_BYTES);
    return response;
  }
}
