import type { z } from 'zod'
import type { ApiRoutes } from '#build/api-routes'
import type { ApiOptions } from './transport'

/** The types of the API's routes, as their files in server/api/v1 declare them. */

export type Method = NonNullable<ApiOptions['method']>

/** A path as in `ApiRoutes`: each part that is not known before run time is a parameter. */
type RouteOf<Path extends string> = Path extends `${infer Part}/${infer Rest}`
  ? `${string extends Part ? ':' : Part}/${RouteOf<Rest>}`
  : Path

type MethodsOf<Path extends string> = RouteOf<Path> extends keyof ApiRoutes ? ApiRoutes[RouteOf<Path>] : object

/** A path that has a method; otherwise `never`, so that a call does not compile. */
export type PathWith<Path extends string, M extends Method> = M extends keyof MethodsOf<Path> ? Path : never

interface Declared {
  declared: { body?: z.ZodType; query?: z.ZodType; answer?: z.ZodType }
}

type DeclarationOf<Path extends string, M extends Method> = M extends keyof MethodsOf<Path>
  ? MethodsOf<Path>[M] extends Declared
    ? MethodsOf<Path>[M]['declared']
    : never
  : never

type InputOf<Schema, Otherwise> = [Schema] extends [undefined]
  ? Otherwise
  : NonNullable<Schema> extends z.ZodType
    ? z.input<NonNullable<Schema>>
    : Otherwise

/** The answer of a route to a method; nothing where it declares none. */
export type AnswerOf<Path extends string, M extends Method> =
  NonNullable<DeclarationOf<Path, M>['answer']> extends z.ZodType
    ? z.output<NonNullable<DeclarationOf<Path, M>['answer']>>
    : undefined

/** The body and query of a route, of which an interface's forms may know less than the schema. */
export interface CallOptions<Path extends string, M extends Method> extends Omit<
  ApiOptions,
  'method' | 'body' | 'query'
> {
  method?: M
  /** Where a route declares no body, it reads one of several kinds itself. */
  body?: Blob | InputOf<DeclarationOf<Path, M>['body'], object>
  query?: QueryOf<InputOf<DeclarationOf<Path, M>['query'], object>>
}

/** By name; the values are often those of the page's own query. Empty ones are left out. */
type QueryOf<Query> = { [Name in keyof Query]?: ApiQueryValue }

type ApiQueryValue = NonNullable<ApiOptions['query']>[string]
