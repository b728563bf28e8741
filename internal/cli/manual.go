package cli

// The pages of the manual, apart from the flags. go/doc lays them out: a blank line ends a paragraph, and what is
// indented stays as it is.

const appHelp = `finlatch is sign-in for Jellyfin apps: a server that speaks Jellyfin's own authentication API, so that every Jellyfin app signs in to it by user name and password or by Quick Connect.

Start it and create the first administrator:

    finlatch serve
    finlatch user add anna --admin

Then open http://127.0.0.1:8096 in a Jellyfin app and sign in. In a browser, http://127.0.0.1:8096/finlatch/ shows pages for approving devices and running the server. Other devices reach the server once it listens for them:

    finlatch serve --listen 0.0.0.0:8096

The other half is for people with an account on a server, this one or any Jellyfin:

    finlatch login tv.example.org
    finlatch approve 123456
    finlatch devices

Everything of a server lives in one directory, ${data} unless --data says otherwise: the database finlatch.db, the key seal.key that seals new API keys and hides what is kept of failed sign-ins, and, while a server runs, its control socket finlatch.sock. One process has the database at a time. While a server runs, the other commands ask it through the socket, so what they do takes effect at once; otherwise they open the database themselves.

Settings are flags, environment variables and lines of a configuration file, under one name: --log-level is FINLATCH_LOG_LEVEL and log-level = debug. A flag wins over a variable, a variable over the file, the file over the default. A name that is no setting is an error. "finlatch config" prints what is in force, and "finlatch config --help" tells about the file.

What a person is told goes to standard error, data to standard output. An error is one line, followed by a second one where there is something to do about it.

The exit code is 0 if all went well, 1 if it did not, and 2 if the arguments, a variable or the configuration file are not understood. Of the commands that talk to servers elsewhere, 3 says that nobody is signed in, or that the server does not take the password, the code or the token, and 4 that no server answers that is of use. 130: a signal interrupted the command.`

const serveHelp = `Runs the server until SIGTERM or SIGINT ends it. It listens once the database is open and in order, and then prints its address. Nothing else needs to be installed.

    finlatch serve
    finlatch serve --listen 0.0.0.0:8096 --data /srv/finlatch
    finlatch serve --listen :8920 --tls-cert cert.pem --tls-key key.pem
    finlatch serve --trusted-proxies 127.0.0.1 --published-url https://tv.example.org

By default only this machine reaches it. A server that nobody has set up yet says how to create the first administrator: with "finlatch user add NAME --admin", by opening its address with /finlatch/ behind it in a browser, or by opening its address in a Jellyfin app. Until then it answers set-up and sign-in only to this machine and to the networks of --setup-from.

The networks are addresses like 192.168.1.5, networks like 192.168.0.0/16 and fd00::/8, and the words "private" (this machine, private and link-local networks) and "none". They are separated by commas, or the flag is given several times.

SIGTERM or SIGINT ends it within 5 seconds: it takes no more connections, answers the requests in progress, and exits with code 0. A second signal ends it at once. SIGHUP reads the certificate and its key again; if they are no good, those from before stay.

The database is DATA/finlatch.db. It is refused, and left as it is, if another finlatch has it open, if a newer finlatch wrote it, or if it is not finlatch's.

With --database the users, devices and settings are in a PostgreSQL database instead, which any number of servers may share, each with a data directory of its own:

    finlatch serve --database "postgres://finlatch@db.example.org/finlatch?sslmode=verify-full" --seal-key-file /etc/finlatch/seal.key

The password is in the file that the variable PGPASSFILE names, as with other programs, or in the URL; other programs of this machine can read the arguments. The servers need the same seal key. While the database is away nobody is signed out, and whoever signs in is told to come again; when it is back all goes on.

Exit codes: 0 ended by a signal, 1 could not start or had to stop, 2 the settings are not understood.`

const copyHelp = `Copies a whole installation, its server id included, from one database to another: from a file to PostgreSQL, or back, or between two of a kind. Stop the servers on both before.

    finlatch copy --from sqlite:/srv/finlatch/finlatch.db --to "postgres://finlatch@db.example.org/finlatch"

What is copied is read again at the end, counted and compared by a digest, and shown on standard output. A copy that broke in the middle, or was interrupted, is run again: it begins anew. One that is whole is never overwritten.

The seal key is not in the database: the servers on the copy need the file seal.key of the original, see --seal-key-file. Passwords are better kept in the file that PGPASSFILE names than in an argument.

Exit codes: 0 copied, 1 not copied, 2 the arguments are not understood.`

const userHelp = `Looks after users: through the running server, so that it takes effect at once, or in the database itself if no server runs. Users are named by their names; upper and lower case are the same.

    finlatch user add anna --admin
    finlatch user list
    finlatch user passwd anna

A password is asked for at the terminal, or else is the first line of standard input. It never is an argument or a variable, where other programs could read it.

The data is in --data DIR. Exit codes: 0 done, 1 not done, 2 the arguments are not understood.`

const userAddHelp = `Adds a user. The password is asked for at the terminal, twice and unseen; without a terminal it is the first line of standard input. With an administrator the server counts as set up, and nobody can create one from an app any more.

    finlatch user add anna --admin
    finlatch user add ben < password.txt
    finlatch user add kids --no-password

The database is made if there is none in --data DIR. Exit codes: 0 added, 1 not added (the name is taken or not allowed), 2 the arguments are not understood.`

const userListHelp = `Lists all users by name, on standard output: name, id, whether the user is an administrator, is disabled, is hidden from the list that apps show before sign-in, and has a password, and when the user last signed in, in local time.

    finlatch user list
    finlatch user list --json | jq -r '.[] | select(.administrator) | .name'

The data is in --data DIR. Exit codes: 0 listed, 1 there is no database or it cannot be read, 2 the arguments are not understood.`

const userPasswdHelp = `Sets a user's password, and signs all devices of that user out. The password is asked for at the terminal, twice and unseen; without a terminal it is the first line of standard input. This is also the way back in for an administrator who forgot the password.

    finlatch user passwd anna
    finlatch user passwd ben < password.txt
    finlatch user passwd kids --no-password

The data is in --data DIR. Exit codes: 0 set, 1 not set, 2 the arguments are not understood.`

const userDisableHelp = `Keeps a user from signing in, and signs all devices of that user out. Administrators cannot be disabled.

    finlatch user disable ben

The data is in --data DIR. Exit codes: 0 disabled, 1 not disabled, 2 the arguments are not understood.`

const userEnableHelp = `Lets a user sign in again who was disabled, by an administrator or by too many wrong passwords, and forgets those.

    finlatch user enable ben

The data is in --data DIR. Exit codes: 0 enabled, 1 not enabled, 2 the arguments are not understood.`

const userUnlockHelp = `Lets a user sign in from anywhere again whose account takes no passwords from strangers after 100 failed sign-ins in a row, and forgets these. A user whom too many wrong passwords have disabled, by the limit of the policy, is enabled; one whom an administrator has disabled stays so: finlatch user enable.

    finlatch user unlock ben

The data is in --data DIR. Exit codes: 0 unlocked, 1 not unlocked, 2 the arguments are not understood.`

const userRenameHelp = `Gives a user another name to sign in with. Devices stay signed in.

    finlatch user rename ben benjamin

The data is in --data DIR. Exit codes: 0 renamed, 1 not renamed (the new name is taken or not allowed), 2 the arguments are not understood.`

const userRemoveHelp = `Deletes a user with all devices and settings, for good. It asks first, and where there is no terminal to ask at it needs --yes. The last administrator cannot be deleted.

    finlatch user remove ben
    finlatch user remove ben --yes

The data is in --data DIR. Exit codes: 0 deleted, 1 not deleted, 2 the arguments are not understood.`

const importHelp = `Takes over a Jellyfin 10.9 to 12 into an empty finlatch: users with their ids, passwords, rights, schedules, preferences and pictures, signed-in devices and their names, API keys, display preferences, and the server's id, name and settings. Whoever is signed in there is signed in here, and nobody notices. Passwords stay as Jellyfin hashed them and are hashed anew at the next sign-in.

    finlatch import --from /var/lib/jellyfin --config-from /etc/jellyfin --dry-run
    finlatch import --from /var/lib/jellyfin --config-from /etc/jellyfin
    finlatch import --from /srv/jellyfin/config

It reads the two folders or a copy of them and writes nothing there. Jellyfin must not run meanwhile, and neither may finlatch: the data is in --data DIR, which is made if it is not there. The database is copied to the folder for temporary files first, which TMPDIR names.

On standard output it reports how many there are of each kind, and then what has no place here: libraries, plugins, passwords that another system vouches for, settings that are flags of finlatch. --dry-run prints the same and writes nothing at all.

Either all of it is taken over or nothing. Exit codes: 0 taken over, 1 not taken over, 2 the arguments are not understood.`

const backupHelp = `Writes a consistent copy of the database to a new file, while the server runs or while none does. If a server runs it is the server that writes, as the user whom it runs as. Nothing is ever overwritten.

    finlatch backup finlatch-2026-01-31.db

To go back to it, stop the server, remove finlatch.db, finlatch.db-wal and finlatch.db-shm from the data directory, put the copy there as finlatch.db, and start the server.

The copy holds users, signed-in devices and everything else that outlives the server, and hashes instead of passwords and tokens. It does not hold seal.key, which only API keys of the last ten minutes, PINs and counts of failed sign-ins need. The data is in --data DIR. Exit codes: 0 written, 1 not written, 2 the arguments are not understood.`

const doctorHelp = `Looks at the Jellyfin that --upstream names, as "finlatch serve --upstream" would, and says in plain words what is so and what to do about it: whether it answers, its version, what the API key may do, Quick Connect, whether clients can get around finlatch, whether it believes finlatch when that says who asks, its clock, what it announces, users without a password. It changes nothing there. The exit code is 1 where something has to be mended first.

Example:
    finlatch doctor --upstream http://127.0.0.1:8097 --upstream-key-file /etc/finlatch/key`

const healthHelp = `Asks the server that runs on --data DIR how it is, as a load balancer would: at its own address, with /health. It prints "Healthy" if it answers and its database serves. For health checks of containers.

    finlatch health
    finlatch health --data /srv/finlatch

Exit codes: 0 healthy, 1 not healthy within 5 seconds, or no server runs, 2 the arguments are not understood.`

const configHelp = `Prints the settings in force, as a configuration file on standard output, each below a comment that says where it came from: a flag, a variable, a line of the configuration file, or the default. Secrets are not shown.

    finlatch config
    FINLATCH_LOG_LEVEL=debug finlatch config --listen 0.0.0.0:8096 > finlatch.conf

The file is the one that --config says below, if it is there, or what --config FILE or FINLATCH_CONFIG names. It has a line for each setting, with the flags' names:

    # For the living room.
    listen = 0.0.0.0:8096
    trusted-proxies = 127.0.0.1, 10.0.0.0/8
    data = "/srv/finlatch data"   # a comment

A # at the beginning of a line, or behind a space, begins a comment. A value with anything odd in it stands in double quotes, with \ before " and \. Lists are separated by commas, or their key stands in several lines. A path is relative to the file's own directory. An unknown key is an error, and so is an unknown variable that begins with FINLATCH_.

Exit codes: 0 printed, 2 the settings are not understood.`

const versionHelp = `Prints the version, and the Go version and system that it was built with and for, on standard output. "finlatch --version" does the same.

    finlatch version

Exit code: 0.`
