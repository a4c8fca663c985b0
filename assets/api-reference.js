// Starts Swagger UI on the page of the API's reference; see server/routes/api/docs.get.ts.
const isSignedIn = document.body.hasAttribute('data-signed-in')

// As Swagger UI's own styles want it.
document.documentElement.classList.toggle('dark-mode', matchMedia('(prefers-color-scheme: dark)').matches)

window.SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  filter: true,
  displayRequestDuration: true,
  // Otherwise a service on the internet is asked.
  validatorUrl: null,
  async requestInterceptor(request) {
    const hasToken = Object.keys(request.headers ?? {}).some(name => name.toLowerCase() === 'authorization')
    if (isSignedIn && !request.loadSpec && !hasToken) await renewSession()
    return request
  },
})

/** The access cookie lives for two minutes, and readers take longer. */
async function renewSession() {
  const { status } = await fetch('/api/v1/auth/users/me/')
  if (status === 401) await fetch('/api/v1/auth/session/refresh/', { method: 'POST' })
}
