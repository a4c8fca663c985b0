import type { H3Event } from 'h3'
import { invalid } from '#shared/errors.ts'
import { readJson } from './body.ts'

/**
 * Refuses fields that exist but that this request cannot change, instead of ignoring them. Their current values are
 * accepted: clients send a whole object back after changing a part of it.
 * @param current the resource as the API answers it
 * @param fields those that cannot be changed
 * @throws ApiError 400 on the fields
 */
export function refuseReadOnly<Resource extends object>(
  event: H3Event,
  current: Resource,
  fields: readonly (keyof Resource & string)[],
): void {
  const input = readJson(event) as Record<string, unknown>
  const refused = fields.filter(field => field in input && input[field] !== current[field])
  if (refused.length > 0) throw invalid(Object.fromEntries(refused.map(field => [field, [readOnlyText]])))
}

const readOnlyText = 'This field cannot be changed here.'
