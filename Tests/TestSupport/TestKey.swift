/// Private keys made for tests; nothing trusts them.
public enum TestKey {
    /// An RSA key of 1024 bits: PKCS #8.
    public static let rsa = """
        -----BEGIN PRIVATE KEY-----
        MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBANPrLBilS9BnCGEW
        qZtWjE4LrNddvZDRsbZema464tKkrXie1O4hoFuri3VEeNC+aQlL5uipnz1SDrqP
        1sUoXiyA5MWTdQFl7NCnSmNXWnhDPEApF7BK/5r05z91iDZC/iOBwZdnUA0iHaSH
        AGAVD3mSayFioTQ7nSn4N34G3YMBAgMBAAECgYA64U+qNVsgN1BjsWlEiMKI+MN4
        P0ppT2oCEry+ZQwanLi6F99vnpYwgjRIS9MJpK4IcDdjE6Xz4rXG7iotM28eitpl
        7qhX8zhb95J5rg3oGcLA7/TqbNyv0jdPwYlNhl2OzKCtM0nu/rP5sUNsj/6LPmw0
        4qomUuX6pTTktK/ihQJBAPFHVMVLMRlwARBJ2Wlp00v9TGwtUjgTMd9/Qvtq4rT6
        MSxjYRZwcB78k2Uc7Cor1Gbrgf9rMtmezvPfn0MeTf8CQQDg2UAletO4o5GiBKP1
        kNglKiKO9XDKH97taBIsEoOgh6mzwNo3TF6folkG0sRp04e+tCu2SPUCnPmytY96
        Vi7/AkEAg0UT0eN+6yAM9Be5uahh1U4SbiiaOvf2gmpyvucAQQZ+CnBnOhYiajlw
        1+pMcwU1omkvaQ+hstS8M+LOe23ZcQJAIKUKHibuFFGTNE2uLFoCN6sdZ1oVLRNh
        f2BruwBZIfZwWgu24u5wkoa0nDv/jknK3JI2AnonMGDwE9UuZpmaqwJBAKstQ4oz
        e6ZDLBJMA8DT5/zYil5o40Am4LOXO+yMewPCvLdCKYQ19U/NyXtmXRzGQCXbCicV
        5nZ2UDvN2Hj1iRw=
        -----END PRIVATE KEY-----

        """

    /// The same key: PKCS #1.
    public static let rsaTraditional = """
        -----BEGIN RSA PRIVATE KEY-----
        MIICXQIBAAKBgQDT6ywYpUvQZwhhFqmbVoxOC6zXXb2Q0bG2XpmuOuLSpK14ntTu
        IaBbq4t1RHjQvmkJS+boqZ89Ug66j9bFKF4sgOTFk3UBZezQp0pjV1p4QzxAKRew
        Sv+a9Oc/dYg2Qv4jgcGXZ1ANIh2khwBgFQ95kmshYqE0O50p+Dd+Bt2DAQIDAQAB
        AoGAOuFPqjVbIDdQY7FpRIjCiPjDeD9KaU9qAhK8vmUMGpy4uhffb56WMII0SEvT
        CaSuCHA3YxOl8+K1xu4qLTNvHoraZe6oV/M4W/eSea4N6BnCwO/06mzcr9I3T8GJ
        TYZdjsygrTNJ7v6z+bFDbI/+iz5sNOKqJlLl+qU05LSv4oUCQQDxR1TFSzEZcAEQ
        SdlpadNL/UxsLVI4EzHff0L7auK0+jEsY2EWcHAe/JNlHOwqK9Rm64H/azLZns7z
        359DHk3/AkEA4NlAJXrTuKORogSj9ZDYJSoijvVwyh/e7WgSLBKDoIeps8DaN0xe
        n6JZBtLEadOHvrQrtkj1Apz5srWPelYu/wJBAINFE9HjfusgDPQXubmoYdVOEm4o
        mjr39oJqcr7nAEEGfgpwZzoWImo5cNfqTHMFNaJpL2kPobLUvDPizntt2XECQCCl
        Ch4m7hRRkzRNrixaAjerHWdaFS0TYX9ga7sAWSH2cFoLtuLucJKGtJw7/45JytyS
        NgJ6JzBg8BPVLmaZmqsCQQCrLUOKM3umQywSTAPA0+f82IpeaONAJuCzlzvsjHsD
        wry3QimENfVPzcl7Zl0cxkAl2wonFeZ2dlA7zdh49Ykc
        -----END RSA PRIVATE KEY-----

        """

    /// A key on the curve P-256: PKCS #8.
    public static let elliptic = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2QrPpmQUKhHcEsT3
        TZuJHLH2Xs0l83FzrmJ0qrPMiyGhRANCAAQrRJ6Ob5PD+auO2yqLObMtGIwpMw/g
        hRhS6Mnnv3ANgUYL+jyO65s8pWqz3Ezh9hn6xRldu7rdj/L2jteW5XcZ
        -----END PRIVATE KEY-----

        """
}
