// S3 in this process: fauxqs's store and routes, called without its HTTP server, with what they lack
// and the functions need: tags, versions, checksums verified, conditional puts and deletes, lists by
// pages, S3's limits.
import { randomBytes } from 'node:crypto';
import { checkBody } from './checksums.mjs';
import { S3Store, registerS3Routes } from './packages.mjs';
import { Refusal, XML_HEAD, requestId, s3ErrorBody } from './refusal.mjs';
import { listObjectsV2 } from './s3_list.mjs';
import { tagsFromHeader, tagsFromXml, tagsToXml } from './s3_tags.mjs';

const MAX_KEY_BYTES = 1024;
const MAX_METADATA_BYTES = 2048;
// A single put may hold 5 GiB in S3; here the memory is the limit.
const FAILED_CONDITION = 'At least one of the pre-conditions you specified did not hold';
const CREATES = { PutObject: 'Put', CopyObject: 'Copy', CompleteMultipartUpload: 'CompleteMultipartUpload' };

const bareEtag = (etag) => etag.replaceAll('"', '');

// The name of the operation in S3's API reference; null where there is none.
export function s3Operation({ method, bucket, key, query, headers }) {
  const has = (name) => query[name] !== undefined;
  if (!bucket) return method === 'GET' ? 'ListBuckets' : null;
  const verb = { GET: 'Get', PUT: 'Put', DELETE: 'Delete', HEAD: 'Head', POST: 'Post' }[method];
  if (!key) {
    if (has('versioning')) return `${verb}BucketVersioning`;
    if (has('versions')) return 'ListObjectVersions';
    if (has('location')) return 'GetBucketLocation';
    if (has('delete')) return 'DeleteObjects';
    if (method === 'GET') return query['list-type'] === '2' ? 'ListObjectsV2' : 'ListObjects';
    return { PUT: 'CreateBucket', DELETE: 'DeleteBucket', HEAD: 'HeadBucket' }[method] ?? null;
  }
  if (has('tagging')) return `${verb}ObjectTagging`;
  if (has('uploads')) return method === 'POST' ? 'CreateMultipartUpload' : null;
  if (has('uploadId')) {
    return { PUT: 'UploadPart', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }[method] ?? null;
  }
  if (method === 'PUT' && headers['x-amz-copy-source']) return 'CopyObject';
  return method === 'POST' ? null : `${verb}Object`;
}

// fauxqs's routes as plain functions: routes['GET /:bucket/*'](request) returns {status, headers, body}.
function routesOf(store) {
  const handlers = {};
  const add = (method) => (url, handler) => {
    handlers[`${method} ${url}`] = handler;
  };
  const app = { route: ({ method, url, handler }) => add(method)(url, handler) };
  for (const method of ['put', 'get', 'head', 'delete', 'post']) app[method] = add(method.toUpperCase());
  registerS3Routes(app, store);
  return async (method, bucket, key, { query, headers, body }) => {
    const handler = handlers[`${method} ${bucket ? (key ? '/:bucket/*' : '/:bucket') : '/'}`];
    const response = { status: 200, headers: {}, body: Buffer.alloc(0) };
    const reply = {
      status: (status) => ((response.status = status), reply),
      header: (name, value) => ((response.headers[name] = String(value)), reply),
      send: (content) => {
        if (content !== undefined) response.body = Buffer.isBuffer(content) ? content : Buffer.from(content);
        return reply;
      },
    };
    await handler({ params: { bucket, '*': key }, query, headers, body }, reply);
    return response;
  };
}

export class LocalS3 {
  // on_created({bucket, key, size, etag, version_id, sequencer, event_name, time_ms}): after each new
  // object.
  constructor({ now_ms = Date.now, on_created = () => {} } = {}) {
    this.now_ms = now_ms;
    this.on_created = on_created;
    this.store = new S3Store();
    this.archive = new S3Store(); // every version, its key behind its id
    this.route = routesOf(this.store);
    this.archive_route = routesOf(this.archive);
    this.versioned = new Map(); // bucket -> Enabled, Suspended
    this.current = new Map(); // bucket/key -> version id
    this.tags = new Map(); // version id or '', bucket/key -> tags
    this.sequence = BigInt(Date.now()) * 1000n;
  }

  createBucket(bucket, { versioned = false } = {}) {
    this.store.createBucket(bucket);
    this.archive.createBucket(bucket);
    if (versioned) this.versioned.set(bucket, 'Enabled');
  }

  // The stored object: {key, body, contentType, etag, metadata, cacheControl, ...}; null if there is
  // none. For tests, which look without sending requests.
  peek(bucket, key) {
    try {
      return this.store.getObject(bucket, key);
    } catch {
      return null;
    }
  }

  tagsOf(bucket, key, version_id = this.current.get(`${bucket}/${key}`)) {
    return Object.fromEntries(this.tags.get(`${version_id ?? ''} ${bucket}/${key}`) ?? []);
  }

  keys(bucket, prefix = '') {
    return this.store.listObjects(bucket, { prefix, maxKeys: Infinity }).objects.map((object) => object.key);
  }

  // request: {method, bucket, key, query, headers, body, trailers}. Returns {status, headers, body}.
  async handle(request) {
    const operation = s3Operation(request);
    if (!operation) throw new Refusal('NotImplemented', 'A request like this is not implemented here.', 501);
    this.#checkLimits(request);
    const response = await this.#perform(operation, request);
    response.headers['x-amz-request-id'] ??= requestId();
    response.headers['x-amz-id-2'] ??= 'local';
    response.headers['accept-ranges'] ??= 'bytes';
    return response;
  }

  #checkLimits({ key, headers }) {
    if (key && Buffer.byteLength(key) > MAX_KEY_BYTES) {
      throw new Refusal('KeyTooLongError', 'Your key is too long');
    }
    let size_bytes = 0;
    for (const [name, value] of Object.entries(headers)) {
      if (name.startsWith('x-amz-meta-')) size_bytes += name.length - 'x-amz-meta-'.length + Buffer.byteLength(value, 'latin1');
    }
    if (size_bytes > MAX_METADATA_BYTES) {
      throw new Refusal('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size');
    }
  }

  async #perform(operation, request) {
    switch (operation) {
      case 'PutBucketVersioning':
      case 'GetBucketVersioning':
        return this.#versioning(operation, request);
      case 'GetObjectTagging':
      case 'PutObjectTagging':
      case 'DeleteObjectTagging':
        return this.#tagging(operation, request);
      case 'GetBucketLocation':
        return xmlResponse('<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>');
      case 'ListObjectVersions':
        throw new Refusal('NotImplemented', 'ListObjectVersions is not implemented here.', 501);
      case 'ListObjectsV2':
        this.#checkBucket(request.bucket);
        return xmlResponse(listObjectsV2(request.bucket, this.store.listObjects(request.bucket, { maxKeys: Infinity }).objects, request.query));
      case 'CreateBucket': {
        const response = await this.#forward(request);
        if (response.status === 200) this.archive.createBucket(request.bucket);
        return response;
      }
      case 'PutObject':
      case 'CopyObject':
      case 'CompleteMultipartUpload':
        return this.#create(operation, request);
      case 'GetObject':
      case 'HeadObject':
        return this.#read(request);
      case 'DeleteObject':
        return this.#delete(request);
      default:
        if (operation === 'UploadPart') checkBody(request.headers, request.trailers, request.body);
        return this.#forward(request);
    }
  }

  #checkBucket(bucket) {
    if (!this.store.hasBucket(bucket)) throw new Refusal('NoSuchBucket', 'The specified bucket does not exist', 404);
  }

  // Whether the object of now has the ETag of If-Match, which a write or a delete requires.
  #checkMatch(headers, old) {
    if (headers['if-match'] === undefined) return;
    if (!old) throw new Refusal('NoSuchKey', 'The specified key does not exist.', 404);
    if (headers['if-match'] !== '*' && bareEtag(headers['if-match']) !== bareEtag(old.etag)) throw new Refusal('PreconditionFailed', FAILED_CONDITION, 412);
  }

  #forward({ method, bucket, key, query, headers, body }) {
    // The front has decoded the body, and S3 accepts an ETag with or without its quotes.
    const rest = { ...headers };
    const encodings = (rest['content-encoding'] ?? '').split(',').map((text) => text.trim());
    const encoding = encodings.filter((text) => text && text !== 'aws-chunked').join(',');
    if (encoding) rest['content-encoding'] = encoding;
    else delete rest['content-encoding'];
    if (/^[0-9a-f-]+$/.test(rest['if-match'] ?? '')) rest['if-match'] = `"${rest['if-match']}"`;
    return this.route(method, bucket, key, { query, headers: rest, body });
  }

  async #create(operation, request) {
    const { bucket, key, headers, trailers, body } = request;
    if (operation === 'PutObject') checkBody(headers, trailers, body);
    const old = this.peek(bucket, key);
    if (headers['if-none-match'] === '*' && old) throw new Refusal('PreconditionFailed', FAILED_CONDITION, 412);
    this.#checkMatch(headers, old);
    const tags = headers['x-amz-tagging'] ? tagsFromHeader(headers['x-amz-tagging']) : null;
    // Trailers carry the checksum that is stored with the object.
    const response = await this.#forward({ ...request, headers: { ...headers, ...trailers } });
    if (response.status !== 200) return response;
    const object = this.store.getObject(bucket, key);
    const version_id = this.#remember(bucket, key, object);
    if (version_id) response.headers['x-amz-version-id'] = version_id;
    const tag_slot = `${version_id ?? ''} ${bucket}/${key}`;
    if (tags) this.tags.set(tag_slot, tags);
    else this.tags.delete(tag_slot);
    this.sequence += 1n;
    this.on_created({
      bucket,
      key,
      size: object.contentLength,
      etag: bareEtag(object.etag),
      version_id,
      sequencer: this.sequence.toString(16).toUpperCase().padStart(18, '0'),
      event_name: `ObjectCreated:${CREATES[operation]}`,
      time_ms: this.now_ms(),
    });
    return response;
  }

  // Returns the new version's id where the bucket keeps versions.
  #remember(bucket, key, object) {
    if (this.versioned.get(bucket) !== 'Enabled') return undefined;
    const version_id = randomBytes(16).toString('base64url');
    this.archive.restoreObject(bucket, { ...object, key: `${version_id}/${key}` });
    this.current.set(`${bucket}/${key}`, version_id);
    return version_id;
  }

  async #read(request) {
    const { method, bucket, key, query, headers } = request;
    const current = this.current.get(`${bucket}/${key}`);
    const wanted = query.versionId;
    let response;
    if (wanted === undefined || wanted === current) {
      response = await this.#forward(request);
    } else {
      response = await this.archive_route(method, bucket, `${wanted}/${key}`, { query, headers, body: Buffer.alloc(0) });
      if (response.status === 404) {
        response.body = method === 'HEAD' ? response.body : Buffer.from(s3ErrorBody('NoSuchVersion', 'The specified version does not exist.', `/${bucket}/${key}`));
      }
    }
    // fauxqs has no conditions on HEAD.
    if (method === 'HEAD' && response.status === 200 && headers['if-match'] && bareEtag(headers['if-match']) !== bareEtag(response.headers.etag)) {
      throw new Refusal('PreconditionFailed', FAILED_CONDITION, 412);
    }
    if (response.status < 300) {
      const version_id = wanted ?? current;
      if (version_id) response.headers['x-amz-version-id'] = version_id;
      const count = this.tags.get(`${version_id ?? ''} ${bucket}/${key}`)?.size;
      if (count) response.headers['x-amz-tagging-count'] = String(count);
    }
    return response;
  }

  async #delete(request) {
    const { bucket, key, query, headers } = request;
    const slot = `${bucket}/${key}`;
    this.#checkBucket(bucket);
    // Of the current version only.
    if (query.versionId === undefined) this.#checkMatch(headers, this.peek(bucket, key));
    if (query.versionId !== undefined) {
      this.archive.deleteObject(bucket, `${query.versionId}/${key}`);
      if (this.current.get(slot) === query.versionId) {
        this.current.delete(slot);
        this.store.deleteObject(bucket, key);
      }
      return { status: 204, headers: { 'x-amz-version-id': query.versionId }, body: Buffer.alloc(0) };
    }
    const response = await this.#forward(request);
    this.current.delete(slot);
    if (this.versioned.get(bucket) === 'Enabled') response.headers['x-amz-delete-marker'] = 'true';
    else this.tags.delete(` ${slot}`);
    return response;
  }

  #versioning(operation, { bucket, body }) {
    this.#checkBucket(bucket);
    if (operation === 'PutBucketVersioning') {
      const status = body.toString('utf8').match(/<Status>(Enabled|Suspended)<\/Status>/)?.[1];
      if (!status) throw new Refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate');
      this.versioned.set(bucket, status);
      return { status: 200, headers: {}, body: Buffer.alloc(0) };
    }
    const status = this.versioned.get(bucket);
    return xmlResponse(
      `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${status ? `<Status>${status}</Status>` : ''}</VersioningConfiguration>`,
    );
  }

  #tagging(operation, { bucket, key, query, body }) {
    const object_slot = `${bucket}/${key}`;
    this.#checkBucket(bucket);
    const version_id = query.versionId ?? this.current.get(object_slot);
    const exists = query.versionId
      ? this.archive.listObjects(bucket, { prefix: `${query.versionId}/${key}` }).objects.length > 0
      : this.peek(bucket, key);
    if (!exists) throw new Refusal(query.versionId ? 'NoSuchVersion' : 'NoSuchKey', 'The specified key does not exist.', 404);
    const slot = `${version_id ?? ''} ${object_slot}`;
    const headers = version_id ? { 'x-amz-version-id': version_id } : {};
    if (operation === 'PutObjectTagging') this.tags.set(slot, tagsFromXml(body));
    if (operation === 'DeleteObjectTagging') this.tags.delete(slot);
    if (operation === 'GetObjectTagging') {
      const response = xmlResponse('');
      response.headers = { ...response.headers, ...headers };
      response.body = Buffer.from(tagsToXml(this.tags.get(slot) ?? new Map()));
      return response;
    }
    return { status: operation === 'DeleteObjectTagging' ? 204 : 200, headers, body: Buffer.alloc(0) };
  }
}

function xmlResponse(xml) {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(XML_HEAD + xml) };
}
