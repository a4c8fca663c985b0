import { signupTokenSchema } from '../../../../shared/schemas/signup.ts'
import { readSignupProgress } from '../../../domain/signups.ts'
import { defineSiteRoute } from '../../../http/route.ts'

/** What the page behind a sign-up's link shows; it uses nothing up. */
export default defineSiteRoute({ access: 'public', body: signupTokenSchema }, ({ app, body, origin }) => readSignupProgress(app, body.token, origin))
