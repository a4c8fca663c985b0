import type { H3Event } from 'h3'
import { getQuery } from 'h3'
import type { Window, WindowRows } from '#server/domain/lib/window.ts'
import { notFound } from '#shared/errors.ts'
import type { Page } from '#shared/answers/fields.ts'

const defaultPageSize = 25
const maxPageSize = 100

interface PageQuery {
  page?: string
  page_size?: string
}

interface PageWindow extends Window {
  page: number
}

/**
 * Answers one page of a list.
 * @param event the request, whose other parameters the links keep
 * @param read reads the page's rows, and how many the whole list has
 * @throws ApiError 404 `Invalid page.`
 */
export async function readPage<Row>(
  event: H3Event,
  query: PageQuery,
  read: (window: Window) => Promise<WindowRows<Row>>,
): Promise<Page<Row>> {
  const window = windowOf(query)
  const { count, rows } = await read(window)
  return toPage(event, window, count, rows)
}

/** The same for rows that are all in memory. */
export function pageOf<Row>(event: H3Event, query: PageQuery, rows: Row[]): Page<Row> {
  const window = windowOf(query)
  return toPage(event, window, rows.length, rows.slice(window.offset, window.offset + window.limit))
}

/** @throws ApiError 404 `Invalid page.` for a page that is not a number; `toPage` finds one that is out of range */
export function windowOf(query: PageQuery): PageWindow {
  const page = Number(query.page ?? '1')
  if (!/^\d{1,7}$/.test(query.page ?? '1') || page < 1) throw notFound('Invalid page.')
  const size = /^\d+$/.test(query.page_size ?? '') ? Number(query.page_size) : 0
  const limit = size > 0 ? Math.min(size, maxPageSize) : defaultPageSize
  return { page, limit, offset: (page - 1) * limit }
}

/** @throws ApiError 404 `Invalid page.` when the page is past the last */
function toPage<Row>(event: H3Event, window: PageWindow, count: number, results: Row[]): Page<Row> {
  const { page, limit, offset } = window
  if (page > 1 && offset >= count) throw notFound('Invalid page.')
  return {
    count,
    next: offset + limit < count ? linkTo(event, page + 1) : null,
    previous: page > 1 ? linkTo(event, page - 1) : null,
    results,
  }
}

function linkTo(event: H3Event, page: number): string {
  const url = new URL(event.path, event.context.tenancy!.origin)
  for (const [key, value] of Object.entries(getQuery(event)))
    url.searchParams.set(key, String(Array.isArray(value) ? value[0] : value))
  if (page === 1) url.searchParams.delete('page')
  else url.searchParams.set('page', String(page))
  return url.href
}
