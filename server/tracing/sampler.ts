import type { Sampler } from '@opentelemetry/sdk-trace'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'

/** Which traces are exported, by OpenTelemetry's names of samplers. */
export function samplerOf(name: string, ratio: number): Sampler {
  const root = /^parentbased_(.*)$/.exec(name)?.[1]
  if (root) return new ParentBasedSampler({ root: samplerOf(root, ratio) })
  if (name === 'always_off') return new AlwaysOffSampler()
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler()
}
