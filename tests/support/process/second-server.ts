import type { Answer, Call } from '../http.ts'
import { call } from '../http.ts'
import type { LogLine, TestServer } from './server.ts'
import { freePort, startServer } from './server.ts'
import type { Place, World } from '../world.ts'

export interface SecondServer extends TestServer {
  /** Calls a place by its usual host, at this server. */
  at(place: Place, path: string, options?: Call): Promise<Answer>
}

/**
 * Starts another server process on the same database, as behind a load balancer.
 * @param settings differences of its environment
 * @param log receives its lines, also before it is ready
 */
export async function startBeside(
  world: World,
  settings: Record<string, string> = {},
  log: LogLine[] = [],
): Promise<SecondServer> {
  const server = await startServer(
    {
      ...world.env,
      ...(settings.DATABASE_URL ? {} : world.pooled),
      PORT: String(await freePort()),
      PUBLIC_PORT: String(world.port),
      ...settings,
    },
    log,
  )
  return { ...server, at: (place, path, options) => call(server.port, place.host, path, options) }
}
