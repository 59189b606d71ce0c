"""Users, groups, SPNs, password policy and keytabs of the lab's domain; before its server starts.

Usage: accounts.py SMB_CONF LAB
"""

import sys

import ldb
import samba.dckeytab  # noqa: F401  gives Net its export_keytab
from samba.auth import system_session
from samba.credentials import Credentials
from samba.net import Net
from samba.param import LoadParm
from samba.samdb import SamDB

AES_ONLY = "24"  # msDS-SupportedEncryptionTypes; without it the keytabs hold RC4 alone

ACCOUNT_DISABLED = 0x2

# name: (password, SPNs)
SERVICES = {
    "http-ca1": ("Http-Passw0rd!", ["HTTP/ca1.lab.test", "HOST/ca1.lab.test", "RPCSS/ca1.lab.test"]),
    "http-gateway": ("Gateway-Passw0rd!", ["HTTP/gateway.lab.test"]),
}

# name: password
USERS = {
    "svc-scep": "Scep-Passw0rd!",  # what relays sign in to the CA as
    "svc-doctor": "Doctor-Passw0rd!",  # the same, where tests sign in wrongly, too
    "svc-directory": "Directory-Passw0rd!",  # looks up groups
    "mdm": "Mdm-Passw0rd!",
    "approver": "Approver-Passw0rd!",
    "reader": "Reader-Passw0rd!",
    "nested": "Nested-Passw0rd!",
    "stranger": "Stranger-Passw0rd!",  # in no group of ours
    "umlaut": "Pässwörd-€-1!",
    "disabled": "Disabled-Passw0rd!",
    "expired": "Expired-Passw0rd!",
    "must-change": "Must-Change-Passw0rd!",
    "to-be-locked": "Locked-Passw0rd!",
    "to-be-disabled": "Leaver-Passw0rd!",
    "changing": "Changing-Passw0rd!",  # tests move it between groups
}

GROUPS = {
    "SCEP-Challenges": ["mdm", "umlaut", "disabled", "expired", "must-change", "to-be-locked", "to-be-disabled", "SCEP Ops Night (West)"],
    "SCEP-Approvers": ["approver"],
    "SCEP-Readers": ["reader"],
    # A name that breaks DNs and filters that are not escaped; nested into SCEP-Challenges.
    "SCEP Ops, Night (West)": ["nested"],
}


def main(conf, lab):
    lp = LoadParm(conf)
    credentials = Credentials()
    credentials.guess(lp)
    sam = SamDB(session_info=system_session(), credentials=credentials, lp=lp)
    sam.transaction_start()
    policy(sam)
    for name, password in USERS.items():
        sam.newuser(name, password)
    for name, (password, spns) in SERVICES.items():
        sam.newuser(name, password)
        change(sam, name, "servicePrincipalName", spns)
        change(sam, name, "msDS-SupportedEncryptionTypes", [AES_ONLY])
    change(sam, "svc-scep", "msDS-SupportedEncryptionTypes", [AES_ONLY])
    for name in reversed(list(GROUPS)):
        new_group(sam, name)
        sam.add_remove_group_members(name.replace(",", ""), GROUPS[name], add_members_operation=True)
    change(sam, "umlaut", "displayName", ["Weber, Jörg (Ops)"])
    change(sam, "mdm", "userPrincipalName", ["mobile.devices@lab.test"])
    change(sam, "expired", "accountExpires", ["132223104000000000"])  # 2020-01-01
    change(sam, "must-change", "pwdLastSet", ["0"])
    change(sam, "disabled", "userAccountControl", [str(0x200 | ACCOUNT_DISABLED)])
    sam.transaction_commit()

    net = Net(credentials, lp)
    for name, (_, spns) in SERVICES.items():
        keytab = f"{lab}/{name.removeprefix('http-')}.keytab"
        for spn in spns:
            net.export_keytab(keytab=keytab, principal=spn)
    net.export_keytab(keytab=f"{lab}/svc-scep.keytab", principal="svc-scep")


def policy(sam):
    """Locks after five wrong passwords within 30 minutes; passwords never expire."""
    change_dn(sam, sam.domain_dn(), "lockoutThreshold", ["5"])
    change_dn(sam, sam.domain_dn(), "lockoutDuration", ["-18000000000"])
    change_dn(sam, sam.domain_dn(), "lockOutObservationWindow", ["-18000000000"])
    sam.set_maxPwdAge("0")


def new_group(sam, name):
    dn = ldb.Dn(sam, f"CN=x,CN=Users,{sam.domain_dn()}")
    dn.set_component(0, "CN", name)  # escapes, which SamDB.newgroup does not
    account = name.replace(",", "")  # no comma in a sAMAccountName
    sam.add({"dn": dn, "objectClass": "group", "sAMAccountName": account})


def change(sam, account, attribute, values):
    found = sam.search(expression=f"(sAMAccountName={ldb.binary_encode(account)})", attrs=["dn"])
    change_dn(sam, str(found[0].dn), attribute, values)


def change_dn(sam, dn, attribute, values):
    message = ldb.Message(ldb.Dn(sam, dn))
    message[attribute] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, attribute)
    sam.modify(message)


main(*sys.argv[1:])
