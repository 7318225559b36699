// The field names of Argo's kinds, for kinds that have no schema of ours: enough to find a misspelt or misplaced field.
import type { Json } from "@sluice/base";
import { z } from "zod";
import type { SourceKind } from "../../events/event-source.ts";
import type { TriggerKind } from "../../events/sensor.ts";
import type { IssueSink, Path } from "../../issue.ts";
import { checkShape } from "../../schema/check.ts";

const anything = z.json().optional();

/** A map with these fields, of any type. */
const fields = (names: string, nested: Readonly<Record<string, z.ZodType>> = {}): z.ZodType =>
  z.strictObject({
    ...Object.fromEntries(names.split(" ").map((name) => [name, anything])),
    ...Object.fromEntries(Object.entries(nested).map(([name, schema]) => [name, schema.optional()])),
  });

const secret = fields("name key optional");
const webhook = fields("endpoint method port url metadata maxPayloadSize", {
  serverCertSecret: secret,
  serverKeySecret: secret,
  authSecret: secret,
});
const s3 = fields("endpoint region insecure events metadata", {
  bucket: fields("name key"),
  filter: fields("prefix suffix"),
  accessKey: secret,
  secretKey: secret,
  caCertificate: secret,
});

const queue = "metadata filter jsonBody connectionBackoff tls";
const watch = "directory path pathRegexp";

const sources: Readonly<Record<SourceKind, z.ZodType>> = {
  webhook: fields("endpoint method port url metadata maxPayloadSize filter", {
    serverCertSecret: secret,
    serverKeySecret: secret,
    authSecret: secret,
  }),
  calendar: fields("schedule interval exclusionDates timezone persistence metadata filter"),
  file: fields("eventType polling metadata filter", { watchPathConfig: fields(watch) }),
  sftp: fields("eventType username password sshKeySecret address pollIntervalDuration metadata filter", {
    watchPathConfig: fields(watch),
  }),
  hdfs: fields(
    `${watch} type checkInterval addresses hdfsUser krbCCacheSecret krbKeytabSecret krbUsername krbRealm krbConfigConfigMap krbServicePrincipalName metadata filter`,
  ),
  resource: fields("namespace group version resource eventTypes metadata cluster", {
    filter: fields("prefix labels fields createdBy afterStart"),
  }),
  nats: fields(`url subject auth queue ${queue}`),
  redis: fields("hostAddress password namespace db channels username metadata filter jsonBody tls"),
  redisStream: fields(
    "hostAddress password db streams maxMsgCountPerRead consumerGroup username metadata filter tls",
  ),
  kafka: fields(
    `url topic partition consumerGroup limitEventsPerSecond version sasl awsMskIamAuth config schemaRegistry ${queue}`,
  ),
  amqp: fields(
    `url urlSecret exchangeName exchangeType routingKey exchangeDeclare queueDeclare queueBind consume auth ${queue}`,
  ),
  mqtt: fields(`url topic clientId auth ${queue}`),
  sqs: fields(
    "accessKey secretKey sessionToken region queue waitTimeSeconds roleARN jsonBody queueAccountId dlq endpoint metadata filter",
  ),
  sns: fields("topicArn accessKey secretKey region roleARN validateSignature endpoint metadata filter", {
    webhook,
  }),
  pubSub: fields(
    "projectID topicProjectID topic subscriptionID credentialSecret deleteSubscriptionOnFinish jsonBody metadata filter",
  ),
  azureEventsHub: fields("fqdn hubName sharedAccessKeyName sharedAccessKey metadata filter"),
  azureServiceBus: fields(
    "connectionString fullyQualifiedNamespace queueName topicName subscriptionName tls jsonBody deferDelete metadata filter",
  ),
  azureQueueStorage: fields(
    "storageAccountName connectionString queueName jsonBody dlq decodeMessage waitTimeInSeconds metadata filter",
  ),
  minio: s3,
  nsq: fields(`hostAddress topic channel ${queue}`),
  pulsar: fields(
    `topics type url tlsTrustCertsSecret tlsAllowInsecureConnection tlsValidateHostname authTokenSecret authAthenzParams authAthenzSecret ${queue}`,
  ),
  emitter: fields(`broker channelKey channelName username password ${queue}`),
  mns: fields("accessKey secretKey queue endpoint jsonBody metadata filter"),
  generic: fields("url config insecure jsonBody authSecret metadata filter"),
  github: fields(
    "id repositories organizations owner repository events apiToken webhookSecret githubApp insecure active contentType githubBaseURL githubUploadURL deleteHookOnFinish payloadEnrichment metadata filter",
    { webhook },
  ),
  gitlab: fields(
    "projects groups projectID events accessToken secretToken enableSSLVerification gitlabBaseURL deleteHookOnFinish metadata filter",
    { webhook },
  ),
  bitbucket: fields(
    "auth events repositories deleteHookOnFinish owner projectKey repositorySlug metadata filter",
    { webhook },
  ),
  bitbucketserver: fields(
    "projects projectKey repositorySlug repositories events skipBranchRefsChangedOnOpenPR oneEventPerChange accessToken webhookSecret bitbucketserverBaseURL deleteHookOnFinish tls checkInterval metadata filter",
    { webhook },
  ),
  gerrit: fields(
    "hookName events auth gerritBaseURL deleteHookOnFinish projects sslVerify maxTries metadata filter",
    { webhook },
  ),
  slack: fields("signingSecret token metadata filter", { webhook }),
  stripe: fields("createWebhook apiKey eventFilter metadata", { webhook }),
  storageGrid: fields("events filter topicArn bucket region authToken apiURL tls metadata", { webhook }),
};

const location = fields("inline resource", {
  s3,
  file: fields("path"),
  url: fields("path verifyCert"),
  configmap: fields("name key optional"),
  git: fields(
    "url cloneDirectory creds sshKeySecret githubApp filePath branch tag ref remote insecureIgnoreHostKey",
  ),
});

const triggers: Readonly<Record<TriggerKind, z.ZodType>> = {
  k8s: fields("operation parameters patchStrategy liveObject", { source: location }),
  argoWorkflow: fields("operation parameters args", { source: location }),
  http: fields(
    "url method payload parameters tls timeout basicAuth headers secureHeaders dynamicHeaders host",
  ),
  log: fields("intervalSeconds"),
  nats: fields("url subject payload parameters tls auth"),
  kafka: fields(
    "url topic partition parameters requiredAcks compress flushFrequency tls payload partitioningKey version sasl schemaRegistry headers secureHeaders",
  ),
  pulsar: fields(
    "url topic parameters payload tlsTrustCertsSecret tlsAllowInsecureConnection tlsValidateHostname tls authTokenSecret connectionBackoff authAthenzParams authAthenzSecret",
  ),
  azureEventHubs: fields("fqdn hubName sharedAccessKeyName sharedAccessKey payload parameters"),
  azureServiceBus: fields("connectionString queueName topicName subscriptionName tls payload parameters"),
  slack: fields("slackToken channel message attachments blocks thread sender parameters"),
  email: fields("username smtpPassword host port to from subject body parameters"),
  awsLambda: fields("functionName accessKey secretKey region payload parameters invocationType roleARN"),
  openWhisk: fields("host version namespace authToken actionName payload parameters"),
  custom: fields("serverURL secure certSecret serverNameOverride spec parameters payload"),
};

export const knownSourceFields = sources;
export const knownTriggerFields = triggers;

/** Finds fields that Argo's kind does not have; types of values are left to whoever runs the kind. */
export function lintKnownFields(schema: z.ZodType, config: Json, sink: IssueSink, path: Path): void {
  checkShape(schema, config, sink, path);
}
