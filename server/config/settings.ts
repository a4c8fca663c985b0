import { z } from 'zod'

const seconds = (min: number, fallback: number) =>
  z.coerce
    .number()
    .int()
    .min(min)
    .max(10 * 365 * 86_400)
    .default(fallback)

const port = z.coerce.number().int().min(1).max(65_535)

const hostName = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/

/** The environment variables that are read, with their rules and defaults. */
export const settings = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test']).default('development'),
  /** Set by `npm start`: secrets may be generated, although the build is a production build. */
  DEMO: z.enum(['0', '1']).default('0'),
  PORT: port.default(3000),
  HOST: z.string().default('127.0.0.1'),
  BASE_DOMAIN: z
    .string()
    .toLowerCase()
    .regex(hostName, 'must be a domain name such as staff.example.org')
    .default('localhost'),
  SITE_PROTOCOL: z.enum(['http', 'https']).default('http'),
  PUBLIC_PORT: port.optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional(),
  DATABASE_DIRECT_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional(),
  DATA_DIR: z.string().default('.data'),
  UPLOAD_DIR: z.string().optional(),
  ARCHIVE_DIR: z.string().optional(),
  S3_ENDPOINT: z
    .string()
    .regex(/^https?:\/\/[^/@\s?#]+\/?$/, 'must be an address such as https://s3.eu-central-1.amazonaws.com')
    .optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i, 'must be the name of a bucket')
    .optional(),
  S3_PREFIX: z
    .string()
    .regex(/^(?:[\w-][\w.-]*\/)*$/, 'must be empty, or end with a slash, such as tenantry/')
    .default(''),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  ARCHIVE_RETENTION: z.coerce.number().int().min(1).max(3650).optional(),
  ARCHIVE_RECIPIENTS: z
    .string()
    .regex(/^(?:age1[a-z0-9]{58}(?:,|$))*$/, 'must be public keys of age (age1…), separated by commas')
    .default(''),
  SECRET: z.string().optional(),
  SECRET_FALLBACK: z.string().optional(),
  PEPPER: z.string().optional(),
  PEPPER_FALLBACK: z.string().optional(),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/[^/]/, 'must start with smtp:// or smtps://')
    .optional(),
  SMTP_NAME: z
    .string()
    .regex(/^[a-z0-9.-]+$|^\[[0-9a-f:.]+\]$/i, 'must be a host name such as staff.example.org')
    .optional(),
  MAIL_DIR: z.string().optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/, 'must be an address such as no-reply@staff.example.org')
    .optional(),
  TRUSTED_PROXIES: z.string().default(''),
  METRICS_PORT: port.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .string()
    .regex(/^https?:\/\/[^/]/, 'must start with http:// or https://')
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_RESOURCE_ATTRIBUTES: z.string().optional(),
  OTEL_TRACES_SAMPLER: z
    .enum([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ])
    .default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  OTEL_BSP_SCHEDULE_DELAY: z.coerce.number().int().min(100).max(60_000).default(5_000),
  WORKERS: z.coerce.number().int().min(1).max(100).optional(),
  DB_SLOTS: z.coerce.number().int().min(1).max(200).default(8),
  DB_TENANT_SLOTS: z.coerce.number().int().min(1).max(200).optional(),
  DB_PREPARE: z.enum(['0', '1']).default('1'),
  SIGNUP: z.enum(['open', 'approval', 'closed']).optional(),
  POOL_SIZE: z.coerce.number().int().min(0).max(100).default(3),
  LIMIT_IPV6_PREFIX: z.coerce.number().int().min(32).max(128).default(64),
  BCRYPT_COST: z.coerce.number().int().min(10).max(16).default(12),
  OPERATOR_SECOND_FACTOR: z.enum(['required', 'optional']).optional(),
  REQUEST_LIMIT: seconds(1, 45),
  DRAIN_DELAY: z.coerce.number().int().min(0).max(300).default(0),
  ACCESS_TTL: seconds(1, 120),
  REFRESH_TTL: seconds(1, 604_800),
  SESSION_TTL: seconds(1, 2_592_000),
  REFRESH_GRACE: seconds(0, 10),
  RENAME_REDIRECT: seconds(0, 7_776_000),
  DELETION_GRACE: seconds(0, 2_592_000),
  SUBDOMAIN_QUARANTINE: seconds(0, 15_552_000),
  KEY_LEAD: seconds(2, 60),
  DNS_SERVER: z.string().optional(),
  API_DOCS: z.enum(['0', '1']).optional(),
  CHECK_ANSWERS: z.enum(['0', '1']).default('0'),
  CHECK_STATEMENTS: z.enum(['0', '1']).default('0'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})
