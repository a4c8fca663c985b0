/** Everything comes from our own host. Swagger UI has its icons in its style sheet, and sets styles by script. */
export const referencePolicy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self' 'unsafe-inline'`,
  `img-src 'self' data:`,
  `connect-src 'self'`,
  `object-src 'none'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
  `form-action 'none'`,
].join('; ')

/**
 * The page of the API's reference, which Swagger UI fills (assets/api-reference.js).
 * @param isSignedIn whether requests may be sent with the session of this browser
 */
export function referencePage(isSignedIn: boolean): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference</title>
<link rel="icon" type="image/svg+xml" href="/favicon.svg">
<link rel="stylesheet" href="/_reference/swagger-ui.css">
<script src="/_reference/swagger-ui-bundle.js" defer></script>
<script src="/_reference/start.js" defer></script>
</head>
<body${isSignedIn ? ' data-signed-in' : ''}><main id="reference"></main></body>
</html>`
}
