import type { Answer, Call } from './http.ts'
import { call } from './http.ts'
import type { TestServer } from './server.ts'
import { freePort, startServer } from './server.ts'
import type { Place, World } from './world.ts'

export interface SecondServer extends TestServer {
  /** Calls a place by its usual host, at this server. */
  at(place: Place, path: string, options?: Call): Promise<Answer>
}

/**
 * Starts another process of the same site on the same database, as behind one load balancer.
 * @param settings where its environment differs
 */
export async function startBeside(world: World, settings: Record<string, string> = {}): Promise<SecondServer> {
  const server = await startServer({ ...world.env, PORT: String(await freePort()), PUBLIC_PORT: String(world.port), ...settings })
  return { ...server, at: (place, path, options) => call(server.port, place.host, path, options) }
}
