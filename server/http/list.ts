import type { H3Event } from 'h3'
import { getQuery } from 'h3'
import { notFound } from '#shared/errors.ts'
import type { Page } from '#shared/answers/fields.ts'

const defaultPageSize = 25
const maxPageSize = 100

export interface Window {
  page: number
  limit: number
  offset: number
}

/** @throws ApiError 404 `Invalid page.` for a page that is not a number; `toPage` finds one that is out of range */
export function windowOf(query: { page?: string; page_size?: string }): Window {
  const page = Number(query.page ?? '1')
  if (!/^\d{1,7}$/.test(query.page ?? '1') || page < 1) throw notFound('Invalid page.')
  const size = /^\d+$/.test(query.page_size ?? '') ? Number(query.page_size) : 0
  const limit = size > 0 ? Math.min(size, maxPageSize) : defaultPageSize
  return { page, limit, offset: (page - 1) * limit }
}

/**
 * @param event the request, whose other parameters the links keep
 * @throws ApiError 404 `Invalid page.` when the page is past the last
 */
export function toPage<Row>(event: H3Event, window: Window, count: number, results: Row[]): Page<Row> {
  if (window.page > 1 && window.offset >= count) throw notFound('Invalid page.')
  const linkTo = (page: number) => {
    const url = new URL(event.path, event.context.tenancy!.origin)
    for (const [key, value] of Object.entries(getQuery(event)))
      url.searchParams.set(key, String(Array.isArray(value) ? value[0] : value))
    if (page === 1) url.searchParams.delete('page')
    else url.searchParams.set('page', String(page))
    return url.href
  }
  return {
    count,
    next: window.offset + window.limit < count ? linkTo(window.page + 1) : null,
    previous: window.page > 1 ? linkTo(window.page - 1) : null,
    results,
  }
}

/** A page of rows that are all in memory. */
export function pageOf<Row>(event: H3Event, query: { page?: string; page_size?: string }, rows: Row[]): Page<Row> {
  const window = windowOf(query)
  return toPage(event, window, rows.length, rows.slice(window.offset, window.offset + window.limit))
}
