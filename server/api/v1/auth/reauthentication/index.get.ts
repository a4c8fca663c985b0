import { defineRealmRoute } from '#server/http/route.ts'

/** For a page, before it lets the browser do what needs reauthentication: 403 where the user must confirm it first. */
export default defineRealmRoute(
  {
    summary: 'Check that the user has confirmed that it is them',
    access: 'signed-in',
    enrolment: true,
    reauthentication: true,
    support: false,
    status: 204,
  },
  () => {},
)
