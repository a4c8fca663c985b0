import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Collector, ExportedSpan } from '../../support/data/otlp.ts'
import { createCollector } from '../../support/data/otlp.ts'
import { linesSince } from '../../support/process/log-lines.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs, signInWithCookies } from '../../support/world.ts'

let collector: Collector
let world: World
let folder: string
beforeAll(async () => {
  collector = await createCollector()
  folder = await mkdtemp(join(tmpdir(), 'tenantry-traces-'))
  world = await createWorld({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ARCHIVE_DIR: folder, ...variables })
})
afterAll(async () => {
  await world.stop()
  await collector.stop()
  await rm(folder, { recursive: true })
})

const variables = {
  OTEL_EXPORTER_OTLP_HEADERS: 'api-key=kept-from-the-log',
  OTEL_SERVICE_NAME: 'staff',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  OTEL_BSP_SCHEDULE_DELAY: '200',
}

describe('a request', () => {
  test('is a span by its route and status, in the trace of its caller, and its statements are parts of it', async () => {
    for (const place of [world.acme, world.globex]) {
      const { access: token } = await signInAs(place, place.admin)
      const traced = newTrace()
      const answer = await place.call(`${api}/users/${place.staff.id}/`, { token, ...traced })
      expect(answer.status).toBe(200)
      const spans = await spansOf(traced)
      const request = spans.find(({ parent }) => parent === traced.parent)!
      expect(request).toMatchObject({
        name: `GET ${api}/users/:id`,
        isError: false,
        attributes: {
          'http.request.method': 'GET',
          'http.route': `${api}/users/:id`,
          'http.response.status_code': 200,
          'tenantry.surface': 'portal',
          'tenantry.tenant': place.id,
          'tenantry.request_id': answer.headers['x-request-id'],
        },
        resource: { 'service.name': 'staff', 'deployment.environment.name': 'test' },
      })
      const parts = spans.filter(span => span !== request)
      expect(parts.length).toBeGreaterThan(1)
      expect(parts.map(part => part.parent)).toEqual(parts.map(() => request.id))
      for (const { attributes } of parts) {
        expect(attributes).toMatchObject({ 'db.system.name': 'postgresql', 'db.operation.name': 'select' })
        expect(attributes['db.query.text']).toMatch(/^select[\s\S]*\$1/)
        expect(attributes['tenantry.slot.wait_ms']).toBeGreaterThanOrEqual(0)
      }
      const other = place === world.acme ? world.globex : world.acme
      expect(JSON.stringify(spans)).not.toContain(other.schema)
    }
    expect(collector.headers[0]).toMatchObject({ 'path': '/v1/traces', 'api-key': 'kept-from-the-log' })
  })

  test('with a transaction has it between itself and its statements', async () => {
    const { acme } = world
    const { access: token } = await signInAs(acme, acme.admin)
    const traced = newTrace()
    expect((await acme.call(`${api}/departments/`, { token, ...traced, body: { name: 'Traced' } })).status).toBe(201)
    const spans = await spansOf(traced)
    const request = spans.find(({ name }) => name === `POST ${api}/departments`)!
    const transaction = spans.find(({ name }) => name === 'transaction')!
    const insert = spans.find(({ name }) => name === 'insert departments')!
    expect([transaction.parent, insert.parent]).toEqual([request.id, transaction.id])
    expect(transaction.attributes['tenantry.slot.wait_ms']).toBeGreaterThanOrEqual(0)
  })

  test('that is refused is no error of the server, and one to a page has the calls of the page', async () => {
    const { globex } = world
    const refused = newTrace()
    expect((await globex.call(`${auth}/users/me/`, refused)).status).toBe(401)
    const span = (await spansOf(refused)).find(({ parent }) => parent === refused.parent)
    expect(span).toMatchObject({ isError: false, attributes: { 'http.response.status_code': 401 } })
    const shown = newTrace()
    const cookies = await signInWithCookies(globex, globex.admin)
    const page = await globex.call('/', { ...shown, cookies, accept: 'text/html' })
    expect(page.status).toBe(200)
    const spans = await spansOf(shown)
    const whole = spans.find(({ parent }) => parent === shown.parent)!
    expect(whole.name).toBe('GET page')
    const inner = spans.find(({ name }) => name === `GET ${api}/home`)!
    expect(inner.parent).toBe(whole.id)
    expect(spans.some(({ parent }) => parent === inner.id)).toBe(true)
  })

  test('without a trace gets one, which the log names', async () => {
    const before = world.server.log.length
    await world.acme.call(`${auth}/jwt/create/`, { body: { email: 'nobody@example.com', password: 'x' } })
    const [line] = await linesSince(world, before)
    expect(line).toMatchObject({ event: 'sign_in_failed', trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) })
    const [first] = (await spansOf({ trace: String(line!.trace_id) })).filter(({ parent }) => parent === '')
    expect(first!.name).toBe(`POST ${auth}/jwt/create`)
  })

  test('is not exported where its caller does not want it, and neither is a probe', async () => {
    const { access: token } = await signInAs(world.acme, world.acme.admin)
    const [unwanted, probe, last] = [newTrace('00'), newTrace(), newTrace()]
    expect((await world.acme.call(`${auth}/users/me/`, { token, ...unwanted })).status).toBe(200)
    expect((await world.call('localhost', '/readyz', probe)).status).toBe(200)
    expect((await world.acme.call(`${auth}/users/me/`, last)).status).toBe(401)
    await spansOf(last)
    expect(collector.spans.filter(({ trace }) => [unwanted.trace, probe.trace].includes(trace))).toEqual([])
  })
})

describe('background work', () => {
  test('is a trace of its own: a mail, an operation, a job', async () => {
    const { acme, globex, console } = world
    for (const place of [acme, globex])
      expect((await place.call(`${auth}/users/reset_password/`, { body: { email: place.staff.email } })).status).toBe(
        204,
      )
    const { access: token } = await signInAs(console, console.admin)
    expect((await console.call(`${api}/tenants/${acme.id}/exports/`, { method: 'POST', token })).status).toBe(202)
    expect((await console.call(`${api}/jobs/purge-outbox/runs/`, { method: 'POST', token })).status).toBe(202)

    const named = (name: string) => collector.spans.filter(span => span.name === name)
    await vi.waitUntil(
      () => named('operation export').length === 1 && named('job purge-outbox').length === 1,
      waitLimit,
    )
    await vi.waitUntil(() => named('mail password_reset').length === 2, waitLimit)
    expect(
      named('mail password_reset')
        .map(({ attributes }) => attributes['tenantry.tenant'])
        .sort(),
    ).toEqual([acme.id, globex.id].sort())
    const queued = collector.spans.filter(({ name }) => name === 'transaction').map(({ attributes }) => attributes)
    for (const [key, spans] of [
      ['tenantry.mail', named('mail password_reset')],
      ['tenantry.operation', named('operation export')],
    ] as const)
      for (const { attributes } of spans)
        expect(queued.filter(attribute => attribute[key] === attributes[key])).toHaveLength(1)
    for (const span of [...named('mail password_reset'), ...named('operation export'), ...named('job purge-outbox')]) {
      expect(span.isError).toBe(false)
      expect(collector.spans.some(({ parent }) => parent === span.id)).toBe(true)
    }
  })
})

test('no payload has a parameter, an address, a token, a password or a secret', async () => {
  const { acme, globex, env } = world
  const canary = randomBytes(8).toString('hex')
  const secrets = [canary, env.SECRET!, env.PEPPER!, new URL(env.DATABASE_URL!).password].filter(Boolean)
  for (const place of [acme, globex]) {
    const pair = await signInAs(place, place.admin)
    const cookies = await signInWithCookies(place, place.staff)
    const { access: token } = pair
    const next = await place.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })
    const wrong = { email: `${canary}@example.com`, password: canary }
    expect((await place.call(`${auth}/jwt/create/`, { body: wrong })).status).toBe(401)
    expect((await place.call(`${api}/users/?search=${canary}`, { token })).status).toBe(200)
    expect((await place.call(`/auth/password/reset/${canary}`, { accept: 'text/html' })).status).toBeLessThan(500)
    expect((await place.call(`${api}/${canary}/`, { token })).status).toBe(404)
    const odd = {
      'tracestate': `a=${canary}`,
      'user-agent': canary,
      'cookie': `x=${canary}`,
      'idempotency-key': canary,
    }
    expect((await place.call(`${auth}/users/me/`, { token, headers: odd })).status).toBe(200)
    const invited = { token, body: { email: `${canary}@example.org`, first_name: canary, last_name: canary } }
    expect((await place.call(`${api}/invitations/`, invited)).status).toBe(201)
    // A unique key that is violated: PostgreSQL's error names the value.
    expect((await place.call(`${api}/invitations/`, invited)).status).toBe(400)
    const last = newTrace()
    expect((await place.call(`${auth}/users/me/`, { cookies, ...last })).status).toBe(200)
    await spansOf(last)
    secrets.push(
      place.admin.email,
      place.staff.email,
      place.admin.password,
      place.staff.password,
      ...Object.values(cookies),
    )
    secrets.push(pair.access, pair.refresh, next.json.access, next.json.refresh)
  }
  await vi.waitUntil(() => collector.spans.filter(({ name }) => name === 'mail invitation').length >= 2, waitLimit)
  const sent = Buffer.concat(collector.payloads).toString('latin1')
  const parts = secrets.flatMap(secret => [secret, ...secret.split('.').filter(part => part.length > 20)])
  expect(parts.filter(part => sent.includes(part))).toEqual([])
  expect(sent).toContain('db.query.text')
})

describe('a collector that does not work', () => {
  test.each(['refuse', 'hang', 'away'] as const)('(%s) is logged once, and requests are answered', async mood => {
    const broken = await createCollector()
    if (mood === 'away') await broken.stop()
    else broken.mood = mood
    const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: broken.url, OTEL_EXPORTER_OTLP_TIMEOUT: '300' }
    const server = await startBeside(world, settings)
    const failures = () => server.log.filter(({ event }) => event === 'trace_export_failed')
    // More than two batches.
    for (let i = 0; i < 250 || failures().length === 0; i++)
      for (const place of [world.acme, world.globex])
        expect((await server.at(place, `${auth}/users/me/`)).status).toBe(401)
    expect(await server.stop()).toBe(0)
    expect(failures()).toMatchObject([{ level: 'warn' }])
    expect(JSON.stringify(server.log)).not.toContain('kept-from-the-log')
    if (mood !== 'away') await broken.stop()
  })

  test('does not delay the end of the server', async () => {
    const broken = await createCollector()
    broken.mood = 'hang'
    const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: broken.url, OTEL_EXPORTER_OTLP_TIMEOUT: '600000' }
    const server = await startBeside(world, settings)
    for (const place of [world.acme, world.globex])
      expect((await server.at(place, `${auth}/users/me/`)).status).toBe(401)
    // Not the 1 of a server that did not end in time.
    expect(await server.stop()).toBe(0)
    await broken.stop()
  })
})

test('every process exports, and at its end what is left', async () => {
  const own = await createCollector()
  const server = await startBeside(world, { OTEL_EXPORTER_OTLP_ENDPOINT: own.url, WORKERS: '2' })
  await vi.waitUntil(() => server.log.filter(({ event }) => event === 'server_port_opened').length === 2, waitLimit)
  const traces = Array.from({ length: 40 }, () => newTrace())
  // A connection each, so that both processes get some.
  for (const { headers } of traces)
    await server.at(world.acme, `${auth}/users/me/`, { headers: { ...headers, connection: 'close' } })
  expect(await server.stop()).toBe(0)
  expect(traces.filter(({ trace }) => !own.spans.some(span => span.trace === trace))).toEqual([])
  expect(new Set(own.spans.map(({ resource }) => resource['service.instance.id'])).size).toBe(2)
  await own.stop()
})

test('without the variable, nothing is exported', async () => {
  const before = collector.payloads.length
  const server = await startBeside(world, { OTEL_EXPORTER_OTLP_ENDPOINT: '' })
  const [silent, last] = [newTrace(), newTrace()]
  for (const place of [world.acme, world.globex])
    expect((await server.at(place, `${auth}/users/me/`, silent)).status).toBe(401)
  await server.stop()
  expect((await world.acme.call(`${auth}/users/me/`, last)).status).toBe(401)
  await spansOf(last)
  expect(collector.payloads.length).toBeGreaterThan(before)
  expect(collector.spans.filter(({ trace }) => trace === silent.trace)).toEqual([])
})

/** A caller's trace, and the headers that it sends. */
function newTrace(flags = '01') {
  const [trace, parent] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  return { trace, parent, headers: { traceparent: `00-${trace}-${parent}-${flags}` } }
}

/**
 * Waits for the spans of a trace: those of a request's parts end before its own.
 * @param parent of the request's span
 */
async function spansOf({ trace, parent = '' }: { trace: string; parent?: string }): Promise<ExportedSpan[]> {
  const find = () => collector.spans.filter(span => span.trace === trace)
  await vi.waitUntil(() => find().some(span => span.parent === parent), waitLimit)
  return find()
}
