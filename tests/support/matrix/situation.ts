import type { Place } from '../world.ts'
import type { Caller } from './callers.ts'
import type { Setting } from './setting.ts'
import type { Target } from './verdicts.ts'

/** What a request of the matrix is made for. */
export interface Situation {
  setting: Setting
  caller: Caller
  target: Target
  params: Record<string, string>
  /** The place of the target: the caller's, or that of another organisation. */
  place: Place
}
