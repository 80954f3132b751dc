// Where a request points: bucket and key from path-style and virtual-hosted S3 addresses.
//
//   127.0.0.1:PORT/bucket/key                       path style: any other Host
//   bucket.localhost:PORT/key, bucket.s3.localhost:PORT/key
//   bucket.s3.REGION.amazonaws.com/key              as on AWS; also without region, dualstack, FIPS

const PATH_STYLE_HOSTS = ['localhost', 's3.localhost'];
const VIRTUAL_HOSTS = [/^(.+?)\.(?:s3\.)?localhost$/, /^(.+)\.s3(?:-fips)?(?:\.dualstack)?(?:\.[a-z0-9-]+)?\.amazonaws\.com$/];

// The bucket that the Host header names; null for a path-style address.
export function bucketOfHost(host = '') {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (PATH_STYLE_HOSTS.includes(name)) return null;
  return VIRTUAL_HOSTS.map((pattern) => name.match(pattern)?.[1]).find(Boolean) ?? null;
}

// path: decoded. Returns {bucket, key}.
export function s3Address(host, path) {
  const virtual = bucketOfHost(host);
  if (virtual) return { bucket: virtual, key: path.slice(1) };
  const [, bucket, key] = path.match(/^\/([^/]*)\/?([\s\S]*)$/) ?? [null, '', ''];
  return { bucket, key };
}
