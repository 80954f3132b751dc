// Secrets Manager in this process: secrets with their versions and staging labels, moved as AWS moves
// them: AWSCURRENT leaves AWSPREVIOUS behind it, and every label is on one version at most.
import { randomBytes, randomUUID } from 'node:crypto';
import { ACCOUNT } from './environment.mjs';
import { JSON_TYPES, Refusal, requestId } from './refusal.mjs';

const MAX_VALUE_BYTES = 65536;
const MAX_STAGES = 20;
const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

const notFound = (what = 'secret.') => new Refusal('ResourceNotFoundException', `Secrets Manager can't find the specified ${what}`);
const invalid = (message) => new Refusal('InvalidParameterException', message);

function checkValue({ SecretString, SecretBinary }) {
  if ((SecretString === undefined) === (SecretBinary === undefined)) {
    throw invalid('You must provide either SecretString or SecretBinary.');
  }
  const value = SecretString ?? SecretBinary;
  if (typeof value !== 'string' || value === '') throw invalid('The secret value is empty or no text.');
  const size_bytes = SecretString === undefined ? Buffer.from(value, 'base64').length : Buffer.byteLength(value);
  if (size_bytes > MAX_VALUE_BYTES) throw invalid(`The secret value is longer than ${MAX_VALUE_BYTES} bytes.`);
}

function checkToken(token) {
  if (token !== undefined && !(typeof token === 'string' && /^.{32,64}$/s.test(token))) {
    throw invalid('ClientRequestToken must be 32-64 characters long.');
  }
}

export class LocalSecrets {
  constructor({ region, now_ms = Date.now }) {
    Object.assign(this, { region, now_ms });
    this.secrets = new Map();
  }

  // A request of the front's.
  handle({ headers, body }) {
    const operation = (headers['x-amz-target'] ?? '').split('.')[1];
    let input;
    try {
      input = JSON.parse(body);
    } catch {
      throw new Refusal('SerializationException', 'The body is not JSON.');
    }
    const output = this.call(operation, input);
    return {
      status: 200,
      headers: { 'content-type': JSON_TYPES.secretsmanager, 'x-amzn-requestid': requestId() },
      body: Buffer.from(JSON.stringify(output)),
    };
  }

  call(operation, input) {
    const operations = {
      CreateSecret: () => this.#create(input),
      DeleteSecret: () => this.#delete(input),
      DescribeSecret: () => this.#describe(this.#find(input)),
      GetSecretValue: () => this.#get(input),
      PutSecretValue: () => this.#put(input),
      UpdateSecretVersionStage: () => this.#updateStage(input),
    };
    if (!Object.hasOwn(operations, operation)) throw new Refusal('UnknownOperationException', `There is no ${operation} here.`);
    return operations[operation]();
  }

  // The ARN of a secret by its name or ARN; null if there is none.
  arnOf(id) {
    return this.#named(id)?.arn ?? null;
  }

  // value: text, or an object that becomes JSON.
  createSecret(name, value) {
    return this.call('CreateSecret', { Name: name, SecretString: typeof value === 'string' ? value : JSON.stringify(value) });
  }

  // By name, by ARN, or by ARN without its random ending.
  #named(id) {
    return [...this.secrets.values()].find(({ name, arn }) => id === name || id === arn || id === arn.slice(0, -7));
  }

  #find({ SecretId: id }, { is_deleted_allowed = false } = {}) {
    if (typeof id !== 'string' || id === '') throw invalid('You must provide a SecretId.');
    const secret = this.#named(id);
    if (!secret) throw notFound();
    if (secret.deleted_s && !is_deleted_allowed) {
      throw new Refusal('InvalidRequestException', "You can't perform this operation on the secret because it was marked for deletion.");
    }
    return secret;
  }

  #create(input) {
    const { Name: name, Description: description = '', ClientRequestToken: token, SecretString, SecretBinary } = input;
    if (typeof name !== 'string' || !/^[\w/+=.@-]{1,512}$/.test(name)) {
      throw new Refusal('ValidationException', 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!');
    }
    checkToken(token);
    if (this.secrets.has(name)) throw new Refusal('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
    const has_value = SecretString !== undefined || SecretBinary !== undefined;
    if (has_value) checkValue(input);
    const suffix = randomBytes(12).toString('base64').replace(/[+/]/g, 'x').slice(0, 6);
    const arn = `arn:aws:secretsmanager:${this.region}:${ACCOUNT}:secret:${name}-${suffix}`;
    const secret = { name, arn, description, versions: new Map(), created_s: this.now_ms() / 1000 };
    this.secrets.set(name, secret);
    const version_id = has_value ? this.#addVersion(secret, input, [CURRENT]) : undefined;
    return { ARN: arn, Name: name, VersionId: version_id };
  }

  #put(input) {
    const secret = this.#find(input);
    const { VersionStages: stages = [CURRENT], ClientRequestToken: token } = input;
    checkToken(token);
    checkValue(input);
    if (!Array.isArray(stages) || stages.length === 0 || stages.length > MAX_STAGES || !stages.every((one) => typeof one === 'string' && one !== '')) {
      throw invalid(`VersionStages must have 1 to ${MAX_STAGES} labels.`);
    }
    const version_id = this.#addVersion(secret, input, stages);
    return { ARN: secret.arn, Name: secret.name, VersionId: version_id, VersionStages: [...secret.versions.get(version_id).stages] };
  }

  // A version that exists already with the same value is the repetition of a request.
  #addVersion(secret, { ClientRequestToken: token = randomUUID(), SecretString: text, SecretBinary: binary }, stages) {
    const old = secret.versions.get(token);
    if (old) {
      if (old.text === text && old.binary === binary) return token;
      throw new Refusal('ResourceExistsException', `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${secret.arn}.`);
    }
    const is_first = secret.versions.size === 0;
    secret.versions.set(token, { text, binary, stages: new Set(), created_s: this.now_ms() / 1000 });
    // The first version of a secret always becomes the current one.
    for (const stage of is_first ? new Set([CURRENT, ...stages]) : stages) this.#move(secret, stage, token);
    return token;
  }

  #holder(secret, stage) {
    return [...secret.versions].find(([, version]) => version.stages.has(stage))?.[0];
  }

  // Moves the label to a version, or takes it off (undefined).
  #move(secret, stage, version_id) {
    const from = this.#holder(secret, stage);
    if (from === version_id) return;
    if (from) secret.versions.get(from).stages.delete(stage);
    if (version_id) secret.versions.get(version_id).stages.add(stage);
    if (stage === CURRENT && from) this.#move(secret, PREVIOUS, from);
    secret.changed_s = this.now_ms() / 1000;
  }

  #get(input) {
    const secret = this.#find(input);
    const { VersionId: wanted, VersionStage: stage = wanted === undefined ? CURRENT : undefined } = input;
    const version_id = wanted ?? this.#holder(secret, stage);
    const version = secret.versions.get(version_id);
    if (!version) throw notFound(wanted === undefined ? `secret value for staging label: ${stage}` : `secret value for VersionId: ${wanted}`);
    if (stage !== undefined && !version.stages.has(stage)) {
      throw new Refusal('InvalidRequestException', 'You provided a VersionStage that is not associated to the provided VersionId.');
    }
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: version_id,
      SecretString: version.text,
      SecretBinary: version.binary,
      VersionStages: [...version.stages],
      CreatedDate: version.created_s,
    };
  }

  // Versions without a label are deprecated: AWS lists them no more.
  #describe(secret) {
    const with_labels = [...secret.versions].filter(([, { stages }]) => stages.size > 0);
    return {
      ARN: secret.arn,
      Name: secret.name,
      Description: secret.description,
      RotationEnabled: false,
      CreatedDate: secret.created_s,
      LastChangedDate: secret.changed_s ?? secret.created_s,
      VersionIdsToStages: Object.fromEntries(with_labels.map(([id, { stages }]) => [id, [...stages]])),
    };
  }

  #updateStage(input) {
    const secret = this.#find(input);
    const { VersionStage: stage, RemoveFromVersionId: from, MoveToVersionId: to } = input;
    if (typeof stage !== 'string' || stage === '') throw invalid('You must provide a VersionStage.');
    for (const id of [from, to]) {
      if (id !== undefined && !secret.versions.has(id)) throw notFound(`secret value for VersionId: ${id}`);
    }
    const holder = this.#holder(secret, stage);
    if (from !== undefined && from !== holder) throw invalid(`Staging label ${stage} is not attached to version ${from}.`);
    if (to === undefined && stage === CURRENT) {
      throw invalid(`You can only move staging label ${CURRENT} to a different secret version. It can't be completely removed.`);
    }
    if (holder && from === undefined && holder !== to) {
      throw invalid(`The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`);
    }
    this.#move(secret, stage, to);
    return { ARN: secret.arn, Name: secret.name };
  }

  #delete(input) {
    const secret = this.#find(input, { is_deleted_allowed: true });
    if (input.ForceDeleteWithoutRecovery) this.secrets.delete(secret.name);
    secret.deleted_s ??= this.now_ms() / 1000;
    return { ARN: secret.arn, Name: secret.name, DeletionDate: secret.deleted_s };
  }
}
