import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A proxy between two programs, which can do what networks do. */
export interface TcpProxy {
  port: number
  /** How late all bytes arrive, each way, in milliseconds. */
  latency: number
  /** Swallows all bytes of all connections, and accepts new ones, from which nothing arrives either. */
  swallow(): void
  /** Ends that. The connections of that time stay dead, and the target is told at last that they have ended. */
  restore(): void
  /** Lets the target vanish from all connections, without a FIN or RST to the clients. New connections are served. */
  vanish(): void
  /** Forwards the next request that contains this word, and cuts its connection instead of passing on the answer. */
  loseAnswerTo(word: string): Promise<void>
  close(): void
}

interface Pair {
  client: Socket
  target: Socket | undefined
  isDead: boolean
  /** Called instead of passing on the next answer. */
  onAnswer: (() => void) | undefined
}

interface State {
  pairs: Set<Pair>
  isSwallowing: boolean
  awaited: { word: string; arrive: () => void } | undefined
  latency: () => number
}

// Otherwise each small message waits for a delayed acknowledgement.
const noDelay = true

export async function createTcpProxy(targetPort: number, targetHost = '127.0.0.1'): Promise<TcpProxy> {
  const state: State = { pairs: new Set(), isSwallowing: false, awaited: undefined, latency: () => proxy.latency }
  const server = createServer({ noDelay }, client => accept(state, client, targetPort, targetHost))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    latency: 0,
    swallow() {
      state.isSwallowing = true
      for (const pair of state.pairs) pair.isDead = true
    },
    restore() {
      state.isSwallowing = false
      for (const pair of state.pairs) if (pair.isDead) pair.target?.destroy()
    },
    vanish() {
      for (const pair of state.pairs) {
        pair.isDead = true
        pair.target?.destroy()
      }
    },
    loseAnswerTo: word => new Promise(arrive => (state.awaited = { word, arrive })),
    close() {
      server.close()
      for (const { client, target } of state.pairs) {
        client.destroy()
        target?.destroy()
      }
    },
  }
  return proxy
}

function accept(state: State, client: Socket, port: number, host: string): void {
  const target = state.isSwallowing ? undefined : connect({ port, host, noDelay })
  const pair: Pair = { client, target, isDead: state.isSwallowing, onAnswer: undefined }
  state.pairs.add(pair)
  client
    .on('error', () => {})
    .on('close', () => {
      // While bytes are swallowed, so is the FIN.
      if (!state.isSwallowing) target?.destroy()
      if (!target || target.destroyed) state.pairs.delete(pair)
    })
  target
    ?.on('error', () => {})
    .on('close', () => {
      if (!pair.isDead) client.destroy()
      if (client.destroyed) state.pairs.delete(pair)
    })
  forward(state, pair, client, bytes => {
    expectAnswer(state, pair, bytes)
    target?.write(bytes)
  })
  if (target)
    forward(state, pair, target, bytes => {
      if (!pair.onAnswer) return client.write(bytes)
      pair.onAnswer()
      return client.destroy()
    })
}

/** Passes bytes on, in their order, when they are due. */
function forward(state: State, pair: Pair, from: Socket, write: (bytes: Buffer) => unknown): void {
  let last = Promise.resolve()
  from.on('data', bytes => {
    if (pair.isDead) return
    const latency = state.latency()
    if (latency === 0) return write(bytes)
    const due = sleep(latency)
    last = last.then(() => due).then(() => void (pair.isDead || write(bytes)))
  })
}

function expectAnswer(state: State, pair: Pair, bytes: Buffer): void {
  const { awaited } = state
  if (!awaited || !bytes.includes(awaited.word)) return
  state.awaited = undefined
  pair.onAnswer = awaited.arrive
}
