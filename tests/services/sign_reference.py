"""Signs requests by AWS's own signer (Debian's python3-awscrt), one for each line of standard input.

A line is a JSON object {method, path, headers, hash, id, secret, token, region, service, time, s3,
expires, hash_header}; the reply is the Authorization header, or with `expires` the presigned path.
"""

import datetime
import json
import sys

from awscrt import auth, http


def sign(case):
    headers = http.HttpHeaders([tuple(pair) for pair in case["headers"]])
    request = http.HttpRequest(case["method"], case["path"], headers)
    kind = auth.AwsSignatureType
    body_kind = auth.AwsSignedBodyHeaderType
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4,
        signature_type=kind.HTTP_REQUEST_QUERY_PARAMS
        if case["expires"]
        else kind.HTTP_REQUEST_HEADERS,
        credentials_provider=auth.AwsCredentialsProvider.new_static(
            case["id"], case["secret"], case["token"] or None
        ),
        region=case["region"],
        service=case["service"],
        date=datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc),
        use_double_uri_encode=not case["s3"],
        should_normalize_uri_path=not case["s3"],
        signed_body_value=case["hash"],
        signed_body_header_type=body_kind.X_AMZ_CONTENT_SHA_256
        if case["hash_header"]
        else body_kind.NONE,
        expiration_in_seconds=case["expires"] or None,
    )
    auth.aws_sign_request(request, config).result(20)
    if case["expires"]:
        return request.path
    return dict(request.headers)["Authorization"]


print("PORT 0", flush=True)
for line in sys.stdin:
    print(sign(json.loads(line)), flush=True)
