const texts: Record<number, [title: string, text: string]> = {
  400: ['Bad request', 'The address or the request is not valid.'],
  403: ['This organisation is suspended', 'Its portal is closed for now. Please ask your administrator.'],
  404: ['Nothing here', 'There is no organisation at this address. Check the spelling, or ask your administrator for the link.'],
  405: ['Not allowed', 'This page can only be read.'],
  503: ['Back in a moment', 'The portal is starting or busy. This page tries again by itself.'],
}

/** What the page below needs: its own style and no more. */
export const barePagePolicy = `default-src 'none'; style-src 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'`

/** A page that needs nothing: for hosts that are none of ours, and while the server is starting. */
export function bareErrorPage(status: number): string {
  const [title, text] = texts[status] ?? ['Something went wrong', 'The fault is ours and has been recorded. Please try again.']
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${status === 503 ? '<meta http-equiv="refresh" content="3">' : ''}
<title>${title}</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 32rem; padding: 2rem }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
</style>
</head>
<body><main><h1>${title}</h1><p>${text}</p></main></body>
</html>`
}
