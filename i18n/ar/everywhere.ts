import account from '../locales/ar/account.json'
import common from '../locales/ar/common.json'
import server from '../locales/ar/server.json'
import shell from '../locales/ar/shell.json'

export default { ...account, ...common, ...server, ...shell }
